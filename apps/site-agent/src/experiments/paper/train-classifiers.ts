import { readFile } from 'node:fs/promises';
import {
  type ArchitectureId,
  decodeClassifier,
  encodeClassifier,
  installedPretrained,
  loadPretrained,
  type Parameters,
  RECIPES,
  type Recipe,
  type TrainOptions,
  trainClassifier,
} from '@synspine/classifier';
import { seededRandom, shuffled } from '@synspine/compute';
import { readJson, writeDurably, writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { SiteError } from '../../site-error.ts';
import type { DatasetFilms } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import type { Method } from './plan.ts';

export type LabelledSet = { images: Uint8Array; labels: Uint8Array };
/** Draws images of these classes from a generator. */
export type Sample = (labels: Uint8Array, seed: number) => LabelledSet;

/** 0, 1, …, 0, 1, … */
export function alternate(count: number, classes: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i % classes);
}

/** What a classifier learns from and what stops it: films of other patients, or synthetic images for synthetic ones. */
export type TrainingSets = { training: LabelledSet; validation: LabelledSet; size: number; classes: number };

/** What is known of a trained classifier beside its weights. */
type ClassifierFacts = {
  validationAuc: number;
  architecture: ArchitectureId;
  imageSize: number;
  classes: number;
  seed: number;
  steps: number;
  recipe: Recipe;
  /** That it learnt from. */
  images: number;
  isPretrained: boolean;
};

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

/** The network, recipe and steps that every classifier of the experiment has. Throws NO_PRETRAINED. */
export function classifierRecipe({ options, private: { densenetWeights } }: ExperimentFolder) {
  const { architecture, recipe, classifierSteps } = options;
  const pretrained = options.densenetWeights
    ? loadPretrained(architecture, densenetWeights)
    : installedPretrained(architecture);
  return { architecture, recipe: RECIPES[recipe], steps: classifierSteps ?? undefined, pretrained };
}

/** Trains one classifier and keeps it. Network, recipe and steps are the same for every method. */
export async function trainOne(
  files: { weights: string; facts: string },
  options: TrainOptions,
): Promise<void> {
  const { parameters, validationAuc } = await trainClassifier(options);
  const { recipe, seed, training } = options;
  await writeDurably(files.weights, encodeClassifier(parameters));
  const facts: ClassifierFacts = {
    validationAuc,
    ...{
      architecture: parameters.architecture,
      imageSize: parameters.imageSize,
      classes: parameters.classes,
    },
    ...{ seed, steps: options.steps ?? recipe!.steps, recipe: recipe!, images: training.labels.length },
    isPretrained: options.pretrained !== undefined,
  };
  await writeJson(files.facts, facts); // last: it says that the weights are complete
}

/** Opens what {@link trainOne} kept. Throws EXPERIMENT_UNFINISHED, and compute's refusals of a damaged file. */
export async function openClassifier(files: { weights: string; facts: string }): Promise<Parameters> {
  const facts = await readJson<ClassifierFacts>(files.facts);
  if (!facts) throw new SiteError('EXPERIMENT_UNFINISHED');
  const { architecture, imageSize, classes } = facts;
  const bytes = new Uint8Array(await readFile(files.weights));
  return decodeClassifier(bytes, { architecture, imageSize, classes, seeds: 1 })[0]!;
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
