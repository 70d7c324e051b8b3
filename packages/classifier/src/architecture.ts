import type { tf } from '@synspine/compute';
import { seededNormal, seededRandom } from '@synspine/compute';
import { ClassifierError } from './classifier-error.ts';
import { densenet121 } from './densenet-121.ts';
import { efficientnetLite0 } from './efficientnet-lite0.ts';
import { smallCnn } from './small-cnn.ts';

export type ArchitectureId = 'small-cnn' | 'efficientnet-lite0' | 'densenet-121';
export type TensorMap = Readonly<Record<string, tf.Tensor>>;

/** A network as pure functions. Weights without their architecture's id say nothing, and carry no code. */
export type Architecture = {
  id: ArchitectureId;
  /** Images that it judges at once, which bounds memory. */
  batch: number;
  /** The exact names and shapes of its weights, in order. Throws `SIZE_UNSUPPORTED`. */
  shapes(size: number, classes: number): Record<string, number[]>;
  /** Images in [−1, 1], [b, size, size, 1] → [b, classes], the network's own input transform included. */
  logits(parameters: TensorMap, images: tf.Tensor4D): tf.Tensor2D;
  /** Where training isn't the same function: batch norm by the batch's own statistics. */
  trainingLogits?: Architecture['logits'];
  /** Mean and variance of each batch norm's input over these images: the weights that aren't trained but measured. */
  statistics?(parameters: TensorMap, images: tf.Tensor4D): Record<string, tf.Tensor>;
};

const ARCHITECTURES: Record<ArchitectureId, Architecture> = {
  'small-cnn': smallCnn,
  'efficientnet-lite0': efficientnetLite0,
  'densenet-121': densenet121,
};

/** All of the allow-list. */
export const ARCHITECTURE_IDS = Object.keys(ARCHITECTURES) as ArchitectureId[];

/** The architecture with this id. Throws `UNKNOWN_ARCHITECTURE` for any that isn't on the allow-list. */
export function architectureOf(id: string): Architecture {
  if (!Object.hasOwn(ARCHITECTURES, id)) throw new ClassifierError('UNKNOWN_ARCHITECTURE', id.slice(0, 40));
  return ARCHITECTURES[id as ArchitectureId];
}

/** One trained network on the host: what is stored, sent and read. Freed like any other object. */
export type Parameters = {
  architecture: ArchitectureId;
  imageSize: number;
  classes: number;
  weights: Readonly<Record<string, Float32Array>>;
};

/**
 * Fresh weights: He-normal convolutions (He et al. 2015), gains and variances 1, biases and means 0, and a head that
 * starts undecided.
 */
export function initParameters(
  id: ArchitectureId,
  imageSize: number,
  classes: number,
  seed: number,
): Parameters {
  const random = seededRandom(seed);
  const shapes = Object.entries(architectureOf(id).shapes(imageSize, classes));
  const weights = Object.fromEntries(shapes.map(([name, shape]) => [name, initTensor(name, shape, random)]));
  return { architecture: id, imageSize, classes, weights };
}

function initTensor(name: string, shape: readonly number[], random: () => number): Float32Array {
  const count = shape.reduce((product, side) => product * side, 1);
  const isDepthwise = shape.length === 4 && shape[3] === 1;
  const fanIn = isDepthwise ? shape[0]! * shape[1]! : count / shape.at(-1)!;
  const deviation = Math.sqrt((name === 'head.weight' ? 0.1 : 2) / fanIn);
  const draw = name.endsWith('.weight')
    ? () => deviation * seededNormal(random)
    : () => Number(/\.(gain|variance)$/.test(name));
  return Float32Array.from({ length: count }, draw);
}
