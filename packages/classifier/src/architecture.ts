import type { tf } from '@synspine/compute';
import { seededNormal, seededRandom } from '@synspine/compute';
import { ClassifierError } from './classifier-error.ts';
import { smallCnn } from './small-cnn.ts';

export type ArchitectureId = 'small-cnn';
export type TensorMap = Readonly<Record<string, tf.Tensor>>;

/** A network as pure functions. Weights without their architecture's id say nothing, and carry no code. */
export type Architecture = {
  id: ArchitectureId;
  /** The exact names and shapes of its weights, in order. Throws `SIZE_UNSUPPORTED`. */
  shapes(size: number, classes: number): Record<string, number[]>;
  /** Images in [−1, 1], [b, size, size, 1] → [b, classes], the network's own input transform included. */
  logits(parameters: TensorMap, images: tf.Tensor4D): tf.Tensor2D;
};

const ARCHITECTURES: Record<ArchitectureId, Architecture> = { 'small-cnn': smallCnn };

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

/** Fresh weights: He-normal convolutions (He et al. 2015), gains 1, biases 0, and a head that starts undecided. */
export function initParameters(
  id: ArchitectureId,
  imageSize: number,
  classes: number,
  seed: number,
): Parameters {
  const random = seededRandom(seed);
  const weights: Record<string, Float32Array> = {};
  for (const [name, shape] of Object.entries(architectureOf(id).shapes(imageSize, classes))) {
    const count = shape.reduce((product, side) => product * side, 1);
    const fanIn = count / shape.at(-1)!;
    const deviation = Math.sqrt((name === 'head.weight' ? 0.1 : 2) / fanIn);
    const draw = name.endsWith('.weight')
      ? () => deviation * seededNormal(random)
      : () => Number(name.endsWith('.gain'));
    weights[name] = Float32Array.from({ length: count }, draw);
  }
  return { architecture: id, imageSize, classes, weights };
}
