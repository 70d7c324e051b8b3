import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeClassifier, type Parameters, predict, trainClassifier } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { writeJson } from '../durable-file.ts';
import { toBinaryFilms } from '../films/film-set.ts';
import { openHoldOut } from '../films/hold-out.ts';
import { LABEL_SCHEMES } from '../films/label-schemes.ts';
import { loadMaster } from '../films/master-image.ts';
import { openTrainingFilms } from '../films/training-films.ts';
import type { Home } from '../home.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { ScoreRequest } from '../worker/messages.ts';
import { REPORT_FILE, WEIGHTS_FILE } from './score-files.ts';
import { reportScores } from './score-report.ts';

const CLASSES = LABEL_SCHEMES.binary.classNames.length; // the benchmark's classifiers tell normal from abnormal
const POSITIVE = 1;
const LOCAL_SEEDS = [1, 2, 3]; // as many as the benchmark trains

export type ScoreContext = { home: Home; run: RunFolder; threads: number; signal: AbortSignal };

/**
 * Runs in a worker process without network: scores a classifier on the sealed hold-out and leaves counts, never a
 * film's score. Foreign weights pass the strict reader only; their architecture is on our list, so no code comes along.
 */
export async function scoreHoldOut(context: ScoreContext, request: ScoreRequest): Promise<void> {
  initCompute({ threads: context.threads });
  const { films: heldOut, commitment } = await openHoldOut(context.run);
  const films = toBinaryFilms(heldOut);
  const ensemble = await findEnsemble(context, request);
  const size = ensemble[0]!.imageSize;
  const images = size === films.size ? films.pixels : await loadAtSize(context.home, films.pixelSha256, size);
  const probabilities = predict(ensemble, images);
  const scores = Float32Array.from(films.labels, (_, film) => probabilities[film * CLASSES + POSITIVE]!);
  const trainedOn = request.task.kind === 'remote' ? request.task.trainedOn : `real:${request.siteId}`;
  const about = { trainedOn, seeds: ensemble.length, holdOutCommitment: commitment };
  const { labels, patients } = films;
  await writeJson(
    join(request.folder, REPORT_FILE),
    reportScores({ scores, labels, patients }, about, request.minPerClass),
  );
}

async function findEnsemble(context: ScoreContext, { task, folder }: ScoreRequest): Promise<Parameters[]> {
  if (task.kind === 'local') return trainLocally(context);
  const { architecture, imageSize, seeds } = task;
  const bytes = new Uint8Array(await readFile(join(folder, WEIGHTS_FILE)));
  return decodeClassifier(bytes, { architecture, imageSize, classes: CLASSES, seeds });
}

/** The site's own real films instead of synthetic ones; network, recipe and number of seeds are the benchmark's. */
async function trainLocally({ run, signal }: ScoreContext): Promise<Parameters[]> {
  const films = await openTrainingFilms(run);
  const [train, validation] = [toBinaryFilms(films.train), toBinaryFilms(films.validation)];
  const ensemble: Parameters[] = [];
  for (const seed of LOCAL_SEEDS) {
    const { parameters } = await trainClassifier({
      training: { images: train.pixels, labels: train.labels },
      validation: { images: validation.pixels, labels: validation.labels },
      size: train.size,
      classes: CLASSES,
      seed,
      signal,
    });
    ensemble.push(parameters);
  }
  return ensemble;
}

async function loadAtSize(home: Home, pixelSha256: readonly string[], size: number): Promise<Uint8Array> {
  const images = new Uint8Array(pixelSha256.length * size ** 2);
  for (const [i, hash] of pixelSha256.entries())
    images.set(await loadMaster(home, hash, size), i * size ** 2);
  return images;
}
