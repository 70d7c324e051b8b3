import type { Augmentation } from './augment.ts';

/** How a classifier is trained. The default was chosen on validation patients of the development films. */
export type Recipe = {
  /** Peak of Adam's learning rate; it warms up for `warmUpSteps` and falls to 0 along a cosine. */
  learningRate: number;
  warmUpSteps: number;
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
  beta2: 0.99, // a run has hundreds of steps, not the 100,000 that .999 looks back on
  weightDecay: 0.01,
  batchSize: 32,
  steps: 400, // 250 cost real films .01 to .03 of AUC; 600 gained 4,000 synthetic ones nothing
  labelSmoothing: 0.1,
  averageDecay: 0.99,
  checks: 12,
  augmentation: {
    rotation: 5,
    shift: 0.06,
    scale: 0.15,
    stretch: 0.1,
    gamma: 0.3,
    noise: 0.02,
    mirror: true,
  },
};
