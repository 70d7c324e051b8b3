import { tf } from '@synspine/compute';
import { type ArchitectureId, architectureOf, type Parameters, type TensorMap } from './architecture.ts';
import { ClassifierError } from './classifier-error.ts';
import { fromDevice } from './device-parameters.ts';
import { measureStatistics } from './measure-statistics.ts';
import { predict, predictOnDevice } from './predict.ts';
import type { Pretrained } from './pretrained.ts';
import { DEFAULT_RECIPE, type Recipe } from './recipe.ts';
import { trainingBatches } from './training-batches.ts';
import { compileStep, initState, type TrainingState } from './training-step.ts';
import { aucStandardError, chooseCheckpoint, fitTemperature, meanAuc } from './validation.ts';

export type LabelledImages = {
  /** n·size·size bytes, image after image, row-major. */
  images: Uint8Array;
  /** n class numbers from 0. */
  labels: ArrayLike<number>;
};

export type TrainOptions = {
  training: LabelledImages;
  /**
   * Of other patients than the training images: it stops the run and chooses its weights. A rare class may be missing
   * here, and then has no part in that choice; two classes are the least.
   */
  validation: LabelledImages;
  size: number;
  classes: number;
  seed: number;
  architecture?: ArchitectureId;
  /** Weights of the same architecture to start from, all but the head. */
  pretrained?: Pretrained | undefined;
  /** Per class; absent: so that each class counts the same. */
  classWeights?: readonly number[];
  /** In place of the recipe's number. */
  steps?: number;
  recipe?: Recipe;
  /** Compile with XLA: pays off only beyond a few thousand steps. */
  xla?: boolean;
  onProgress?: (progress: { step: number; steps: number; loss: number; validationAuc: number }) => void;
  signal?: AbortSignal;
};

/** Of a class in training; and of two classes in validation, as an AUC needs. */
const PER_CLASS_MIN = 2;

export type TrainedClassifier = {
  /** Calibrated: the temperature is in the head's weights already. */
  parameters: Parameters;
  validationAuc: number;
  temperature: number;
};

/**
 * Trains one classifier. Same data, options and seed on the same machine, same weights. Gives the event loop a turn
 * after each step. Throws `SIZE_UNSUPPORTED`, `SHAPE_MISMATCH`, `TOO_FEW_IMAGES`, `NOT_FINITE` or `ABORTED`.
 */
export async function trainClassifier(options: TrainOptions): Promise<TrainedClassifier> {
  const [inTraining, inValidation] = [options.training, options.validation].map((of) =>
    countImages(of, options),
  );
  if (!inTraining!.every((count) => count >= PER_CLASS_MIN)) throw new ClassifierError('TOO_FEW_IMAGES');
  if (inValidation!.filter((count) => count >= PER_CLASS_MIN).length < 2)
    throw new ClassifierError('TOO_FEW_IMAGES', 'validation');
  const checkpoints = await runSteps(options);
  const se = validationStandardError(options, Math.max(...checkpoints.map((c) => c.validationAuc)));
  const index = chooseCheckpoint(
    checkpoints.map((c) => c.validationAuc),
    se,
  );
  const { weights, validationAuc } = checkpoints[index]!;
  const network = networkOf(options);
  const { images, labels } = options.validation;
  const temperature = fitTemperature(predict({ ...network, weights }, images), labels, options.classes);
  const cool = (data: Float32Array) => data.map((value) => value / temperature);
  const calibrated = {
    ...weights,
    'head.weight': cool(weights['head.weight']!),
    'head.bias': cool(weights['head.bias']!),
  };
  return { parameters: { ...network, weights: calibrated }, validationAuc, temperature };
}

type Checkpoint = { weights: Record<string, Float32Array>; validationAuc: number };

async function runSteps(options: TrainOptions): Promise<Checkpoint[]> {
  const { recipe = DEFAULT_RECIPE, size, classes, seed, training: images } = options;
  const network = architectureOf(networkOf(options).architecture);
  const steps = options.steps ?? recipe.steps;
  const classWeights = options.classWeights ?? balancedWeights(images.labels, classes);
  const every = Math.max(1, Math.round(steps / recipe.checks));
  const step = compileStep(network, recipe, options.xla ?? false);
  const checkpoints: Checkpoint[] = [];
  let state = initState(network, size, classes, { seed, pretrained: options.pretrained });
  let at = 0;
  try {
    for (const batch of trainingBatches({ images, size, classes, classWeights, seed, steps, recipe })) {
      const next = step(state, batch);
      tf.dispose([state, batch]);
      state = next.state;
      at += 1;
      if (at % every === 0 || at === steps) {
        const loss = finite(next.loss.dataSync<'float32'>()[0]!);
        checkpoints.push(look(options, state));
        options.onProgress?.({ step: at, steps, loss, validationAuc: checkpoints.at(-1)!.validationAuc });
      }
      tf.dispose(next.loss);
      if (hasFallen(options, checkpoints)) break;
      await new Promise(setImmediate);
      if (options.signal?.aborted) throw new ClassifierError('ABORTED');
    }
    return checkpoints;
  } finally {
    tf.dispose(state);
    step.dispose();
  }
}

const networkOf = ({ architecture = 'small-cnn', size, classes }: TrainOptions) =>
  ({ architecture, imageSize: size, classes }) as const;

/** What would be kept now, in the order of the architecture's names, and what it is worth. */
function look(options: TrainOptions, state: TrainingState): Checkpoint {
  const { size, classes, seed, recipe = DEFAULT_RECIPE, training, validation } = options;
  const network = networkOf(options);
  const architecture = architectureOf(network.architecture);
  const { batchSize } = recipe;
  const measured = measureStatistics(architecture, state.average, training.images, { size, batchSize, seed });
  const tensors: TensorMap = { ...state.average, ...measured };
  const validationAuc = meanAuc(
    predictOnDevice(network, tensors, validation.images),
    validation.labels,
    classes,
  );
  const weights = fromDevice(tensors);
  tf.dispose(measured);
  return { weights, validationAuc };
}

/** Early stop: the last three looks all lie more than two standard errors below the best. */
function hasFallen(options: TrainOptions, checkpoints: readonly Checkpoint[]): boolean {
  if (checkpoints.length < 4) return false;
  const best = Math.max(...checkpoints.map((c) => c.validationAuc));
  const limit = best - 2 * validationStandardError(options, best);
  return checkpoints.slice(-3).every((c) => c.validationAuc < limit);
}

function validationStandardError({ validation, classes }: TrainOptions, auc: number): number {
  const counts = countClasses(validation.labels, classes).filter((count) => count > 0);
  const smallest = Math.min(...counts);
  return aucStandardError(auc, smallest, validation.labels.length - smallest);
}

function countClasses(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]! += 1;
  return counts;
}

/** n / (classes · n of the class): mean 1 over the training images. */
function balancedWeights(labels: ArrayLike<number>, classes: number): number[] {
  return countClasses(labels, classes).map((count) => labels.length / (classes * count));
}

/** Images of each class. */
function countImages({ images, labels }: LabelledImages, { size, classes }: TrainOptions): number[] {
  const valid = Array.from(labels).every((label) => Number.isInteger(label) && label >= 0 && label < classes);
  if (images.length !== labels.length * size ** 2 || !valid)
    throw new ClassifierError('SHAPE_MISMATCH', `${images.length} bytes, ${labels.length} labels`);
  return countClasses(labels, classes);
}

function finite(loss: number): number {
  if (!Number.isFinite(loss)) throw new ClassifierError('NOT_FINITE');
  return loss;
}
