import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeClassifier, encodeClassifier, type Parameters, trainClassifier } from '@synspine/classifier';
import { readJson, writeDurably, writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import type { TrainContext } from './run.ts';

export type TrainedJudge = { parameters: Parameters; validationAuc: number };

/**
 * S, the judge of the domain loss: trained on the training films, stopped by the validation films. Kept beside the
 * checkpoints, so that a run that goes on has the very same one.
 */
export async function trainJudge(context: TrainContext): Promise<TrainedJudge> {
  const { checkpoints, guard, signal, options, films } = context;
  const [weightsPath, factsPath] = ['judge.safetensors', 'judge.json'].map((name) => join(checkpoints, name));
  const { size, classNames } = films.train;
  const facts = await readJson<{ validationAuc: number }>(factsPath!);
  if (facts) {
    const description = { architecture: 'small-cnn', imageSize: size, classes: classNames.length, seeds: 1 };
    const [parameters] = decodeClassifier(new Uint8Array(await readFile(weightsPath!)), description);
    return { parameters: parameters!, ...facts };
  }
  const { parameters, validationAuc } = await trainClassifier({
    training: toLabelled(films.train),
    validation: toLabelled(films.validation),
    size,
    classes: classNames.length,
    seed: options.seed,
    signal,
  });
  await writeDurably(weightsPath!, encodeClassifier(parameters), { guard });
  await writeJson(factsPath!, { validationAuc }, { guard }); // last: it says that the weights are complete
  return { parameters, validationAuc };
}

export function toLabelled({ pixels, labels }: FilmSet): { images: Uint8Array; labels: Uint8Array } {
  return { images: pixels, labels };
}
