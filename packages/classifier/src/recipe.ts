import type { Augmentation } from './augment.ts';

/** How a classifier is trained. The default was chosen on validation patients of the development films. */
export type Recipe = {
  /** Peak of Adam's learning rate, reached after `warmUpSteps`. */
  learningRate: number;
  warmUpSteps: number;
  /** What it does then: falls to 0 along half a cosine, or stays. */
  schedule: 'cosine' | 'constant';
  /** How far Adam's second moment looks back. */
  beta2: number;
  /** Decoupled (Loshchilov & Hutter 2019), on weights, not on gains and biases. */
  weightDecay: number;
  batchSize: number;
  /** The same for few images and many, so that classifiers of different training sets can be compared. */
  steps: number;
  /** Share of a label's weight that is spread over all classes. */
  labelSmoothing: number;
  /** Moving average of the weights, which is what is kept: step t decays by min(averageDecay, t / (t + 10)). */
  averageDecay: number;
  /** Looks at the validation set, evenly spread. */
  checks: number;
  augmentation: Augmentation;
};

export const DEFAULT_RECIPE: Recipe = {
  learningRate: 0.002,
  warmUpSteps: 50,
  schedule: 'cosine',
  beta2: 0.99, // a run has hundreds of steps, not the 100,000 that .999 looks back on
  weightDecay: 0.01,
  batchSize: 32,
  steps: 400, // 250 cost real films .01 to .03 of AUC; 600 gained 4,000 synthetic ones nothing
  labelSmoothing: 0.1,
  averageDecay: 0.99,
  checks: 12,
  augmentation: {
    warp: { draw: 'normal', rotation: 5, shift: 0.06, scale: 0.15, stretch: 0.1 },
    gamma: 0.3,
    noise: 0.02,
    mirror: 0,
  },
};

/**
 * The SpineGAN paper's: plain Adam at 1e-3 with batches of 32, rotation by up to 5° and a random square of 80 to 100 % of
 * the area. It also mirrors 30 % of the showings, which only `published` does here: a film's laterality is a
 * finding's. At 224 px, which is where EfficientNet-Lite0 and DenseNet-121 see every image.
 */
const PAPER_RECIPE: Recipe = {
  learningRate: 0.001,
  warmUpSteps: 1,
  schedule: 'constant',
  beta2: 0.999,
  weightDecay: 0,
  batchSize: 32,
  steps: 400,
  labelSmoothing: 0,
  averageDecay: 0,
  checks: 12,
  augmentation: {
    warp: { draw: 'uniform', rotation: 5, cropArea: 0.8 },
    gamma: 0,
    noise: 0,
    mirror: 0,
  },
};

/** The paper's with its mirroring, to repeat what was printed. */
const PUBLISHED_RECIPE: Recipe = {
  ...PAPER_RECIPE,
  augmentation: { ...PAPER_RECIPE.augmentation, mirror: 0.3 },
};

/** By the names that a command line takes. */
export const RECIPES = {
  default: DEFAULT_RECIPE,
  paper: PAPER_RECIPE,
  published: PUBLISHED_RECIPE,
} as const satisfies Record<string, Recipe>;

/** Grows with each change of a recipe's numbers: classifiers are compared only at the same version. */
export const RECIPE_VERSIONS = { default: 1, paper: 1, published: 1 } as const satisfies Record<
  keyof typeof RECIPES,
  number
>;

/** The recipe of that name and version, or undefined where this program has no such one. */
export function findRecipe({ name, version }: { name: string; version: number }): Recipe | undefined {
  const known = (Object.keys(RECIPES) as (keyof typeof RECIPES)[]).find((other) => other === name);
  return known && RECIPE_VERSIONS[known] === version ? RECIPES[known] : undefined;
}
