import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { decodeClassifier, encodeClassifier, type Parameters, trainClassifier } from '@synspine/classifier';
import type { FilmSet } from '../../films/film-set.ts';
import { readSealed, setAside, writeSealed } from '../../sealed-file.ts';
import type { TrainContext } from './run.ts';

export type TrainedJudge = { parameters: Parameters; validationAuc: number };

/**
 * S, the judge of the domain loss: trained on the training films, stopped by the validation films. Kept beside the
 * checkpoints, so that a run that goes on has the very same one.
 */
export async function trainJudge(context: TrainContext): Promise<TrainedJudge> {
  const { checkpoints, guard, signal, options, films } = context;
  const [weightsPath, factsPath] = pathsIn(checkpoints);
  const kept = await readKept(context);
  if (kept) return kept;
  const { size, classNames } = films.train;
  const { parameters, validationAuc } = await trainClassifier({
    training: toLabelled(films.train),
    validation: toLabelled(films.validation),
    size,
    classes: classNames.length,
    seed: options.seed,
    signal,
  });
  await writeSealed(weightsPath, encodeClassifier(parameters), guard);
  const facts: Facts = { validationAuc };
  await writeSealed(factsPath, Buffer.from(`${JSON.stringify(facts)}\n`), guard); // last: it says that the weights are complete
  return { parameters, validationAuc };
}

type Facts = Pick<TrainedJudge, 'validationAuc'>;

const pathsIn = (checkpoints: string) =>
  [join(checkpoints, 'judge.safetensors'), join(checkpoints, 'judge.json')] as const;

/** undefined: none was trained yet, or it is damaged and was set aside. */
async function readKept({
  checkpoints,
  guard,
  films,
  tellDamage,
}: TrainContext): Promise<TrainedJudge | undefined> {
  const paths = pathsIn(checkpoints);
  if (!existsSync(paths[1])) return undefined;
  const { size, classNames } = films.train;
  const description = { architecture: 'small-cnn', imageSize: size, classes: classNames.length, seeds: 1 };
  const [weights, facts] = await Promise.all(paths.map(readSealed));
  if (weights && facts) {
    const [parameters] = decodeClassifier(weights, description);
    return { parameters: parameters!, ...(JSON.parse(Buffer.from(facts).toString()) as Facts) };
  }
  await guard();
  for (const path of paths.toReversed()) await setAside(path);
  await tellDamage?.('JUDGE_DAMAGED');
  return undefined;
}

export function toLabelled({ pixels, labels }: FilmSet): { images: Uint8Array; labels: Uint8Array } {
  return { images: pixels, labels };
}
