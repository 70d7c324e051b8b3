import { seededRandom, shuffledForever, tf } from '@synspine/compute';
import { augmentInto } from './augment.ts';
import type { Recipe } from './recipe.ts';
import type { LabelledImages } from './train-classifier.ts';
import type { Batch } from './training-step.ts';

export type BatchOptions = {
  images: LabelledImages;
  size: number;
  classes: number;
  classWeights: readonly number[];
  seed: number;
  steps: number;
  recipe: Recipe;
};

/** The batches of a run, in an order and with variations that depend on the seed alone. The caller frees each one. */
export function* trainingBatches(options: BatchOptions): Generator<Batch> {
  const { images, size, seed, steps, recipe } = options;
  const random = seededRandom(seed ^ 0x5eed);
  const order = shuffledForever(images.labels.length, random);
  const pixels = size * size;
  const values = new Float32Array(recipe.batchSize * pixels);
  for (let step = 1; step <= steps; step++) {
    const rows = Array.from({ length: recipe.batchSize }, () => order.next().value);
    rows.forEach((row, i) => {
      const image = images.images.subarray(row * pixels, (row + 1) * pixels);
      augmentInto(values, i * pixels, image, size, { random, strength: recipe.augmentation });
    });
    const labels = rows.map((row) => images.labels[row]!);
    yield {
      images: tf.tensor4d(values, [recipe.batchSize, size, size, 1]),
      targets: smoothedTargets(labels, options),
      weights: tf.tensor1d(labels.map((label) => options.classWeights[label]!)),
      learningRate: tf.scalar(learningRateAt(step, steps, recipe)),
      step: tf.scalar(step),
    };
  }
}

function smoothedTargets(labels: readonly number[], { classes, recipe }: BatchOptions): tf.Tensor2D {
  const targets = new Float32Array(labels.length * classes).fill(recipe.labelSmoothing / classes);
  labels.forEach((label, row) => {
    targets[row * classes + label]! += 1 - recipe.labelSmoothing;
  });
  return tf.tensor2d(targets, [labels.length, classes]);
}

/** Linear warm-up, then half a cosine to 0 where the recipe wants one. */
function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmUpSteps, schedule }: Recipe,
): number {
  const fall = schedule === 'cosine' ? 0.5 * (1 + Math.cos((Math.PI * step) / steps)) : 1;
  return learningRate * Math.min(1, step / warmUpSteps) * fall;
}
