import { predict, type TrainOptions, trainClassifier } from '@synspine/classifier';
import { seededRandom, shuffled } from '@synspine/compute';
import type { FilmSet } from '../../films/film-set.ts';
import type { DatasetFilms } from './films.ts';
import type { Method } from './plan.ts';

export type LabelledSet = { images: Uint8Array; labels: Uint8Array };
/** What a classifier learns from and what stops it: films of other patients, or synthetic images for synthetic ones. */
export type TrainingSets = { training: LabelledSet; validation: LabelledSet; size: number; classes: number };

/** Probabilities of each hold-out film, row-major [films, classes]. They are of single films, so they stay in the private part. */
export type ClassifierScores = { validationAuc: number; probabilities: number[] };

const VALIDATION_SHARE = 0.2; // of synthetic images: each is drawn on its own

/** Films and images as the method says; a classifier on synthetic images sees no real one, not even to stop. */
export function trainingSets(method: Method, films: DatasetFilms, synthetic?: LabelledSet): TrainingSets {
  const shape = { size: films.train.size, classes: films.train.classNames.length };
  const real = { training: toLabelled(films.train), validation: toLabelled(films.validation) };
  if (method === 'real' || !synthetic) return { ...shape, ...real };
  if (method === 'real+spinegan')
    return { ...shape, ...real, training: join(repeat(real.training, synthetic), synthetic) };
  const count = synthetic.labels.length;
  const cut = Math.round(count * VALIDATION_SHARE);
  const part = (from: number, to: number) => slice(synthetic, from, to);
  return { ...shape, training: part(cut, count), validation: part(0, cut) };
}

/** Trains one classifier and lets it judge the films of the hold-out. Network, recipe and steps are the same for every method. */
export async function scoreClassifier(
  options: TrainingSets &
    Pick<TrainOptions, 'architecture' | 'recipe' | 'steps' | 'pretrained' | 'seed' | 'signal'> & {
      holdOut: FilmSet;
    },
): Promise<ClassifierScores> {
  const { holdOut, ...training } = options;
  const { parameters, validationAuc } = await trainClassifier(training);
  return { validationAuc, probabilities: Array.from(predict(parameters, holdOut.pixels)) };
}

function toLabelled({ pixels, labels }: FilmSet): LabelledSet {
  return { images: pixels, labels };
}

/** Real films again and again, in random order, until there are as many as synthetic ones: half of each batch is real. */
function repeat(real: LabelledSet, { labels: { length } }: LabelledSet): LabelledSet {
  const rows = Array.from({ length }, (_, i) => i % real.labels.length);
  return pick(real, shuffled(rows, seededRandom(1)));
}

function pick({ images, labels }: LabelledSet, rows: readonly number[]): LabelledSet {
  const area = images.length / labels.length;
  return {
    images: Buffer.concat(rows.map((row) => images.subarray(row * area, (row + 1) * area))),
    labels: Uint8Array.from(rows, (row) => labels[row]!),
  };
}

function slice({ images, labels }: LabelledSet, from: number, to: number): LabelledSet {
  const area = images.length / labels.length;
  return { images: images.subarray(from * area, to * area), labels: labels.subarray(from, to) };
}

function join(a: LabelledSet, b: LabelledSet): LabelledSet {
  return {
    images: Buffer.concat([a.images, b.images]),
    labels: Uint8Array.from([...a.labels, ...b.labels]),
  };
}
