import {
  ClassifierError,
  findRecipe,
  installedPretrained,
  type LabelledImages,
  type Parameters,
  type Pretrained,
  pretrainedSha256,
  trainClassifier,
} from '@synspine/classifier';
import type { ClassifierTraining } from '@synspine/protocol';
import { type FilmSet, toBinaryFilms } from '../films/film-set.ts';
import { loadAtSize } from '../films/master-image.ts';
import { openTrainingFilms } from '../films/training-films.ts';
import type { Home } from '../home.ts';
import type { RunFolder } from '../runs/run-folder.ts';

const CLASSES = 2; // the benchmark's classifiers tell normal from abnormal

export type TrainContext = { home: Home; run: RunFolder; signal: AbortSignal };

/**
 * Classifiers of the site's own real films, trained as {@link trainAlike} says. `count`: films, those that choose the weights included.
 */
export async function trainReal(
  { home, run, signal }: TrainContext,
  training: ClassifierTraining,
): Promise<{ ensemble: Parameters[]; count: number }> {
  const films = await openTrainingFilms(run);
  const sets = {
    training: await toImages(home, films.train, training.imageSize),
    validation: await toImages(home, films.validation, training.imageSize),
  };
  return {
    ensemble: await trainAlike(sets, training, signal),
    count: films.train.count + films.validation.count,
  };
}

/**
 * One classifier a seed, trained exactly as the benchmark trained those on synthetic images: same network, image size, recipe, steps,
 * seeds and starting weights. Throws UNKNOWN_RECIPE or NO_PRETRAINED where this agent can't do the same.
 */
export async function trainAlike(
  sets: { training: LabelledImages; validation: LabelledImages },
  training: ClassifierTraining,
  signal: AbortSignal,
): Promise<Parameters[]> {
  const { architecture, imageSize: size, steps, seeds } = training;
  const recipe = findRecipe(training.recipe);
  if (!recipe) throw new ClassifierError('UNKNOWN_RECIPE');
  const pretrained = startOf(training);
  const options = { ...sets, size, classes: CLASSES, architecture, pretrained, recipe, steps, signal };
  const ensemble: Parameters[] = [];
  for (const seed of seeds) ensemble.push((await trainClassifier({ ...options, seed })).parameters);
  return ensemble;
}

function startOf({ architecture, pretrainedSha256: wanted }: ClassifierTraining): Pretrained | undefined {
  if (wanted === null) return undefined;
  const pretrained = installedPretrained(architecture);
  if (!pretrained || pretrainedSha256(pretrained) !== wanted) throw new ClassifierError('UNKNOWN_RECIPE');
  return pretrained;
}

async function toImages(home: Home, films: FilmSet, size: number) {
  const { labels, pixels, pixelSha256 } = toBinaryFilms(films);
  return { images: size === films.size ? pixels : await loadAtSize(home, pixelSha256, size), labels };
}
