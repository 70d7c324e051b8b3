import type { tf } from '@synspine/compute';
import { architectureOf, type Parameters, type TensorMap } from './architecture.ts';
import { toDevice } from './device-parameters.ts';

/** S, the frozen network that judges a generator's images during training. */
export type Judge = {
  imageSize: number;
  classes: number;
  /** Constant weights, to pass into a compiled step; never among the variables of a gradient. Free with `tf.dispose`. */
  parameters: Record<string, tf.Tensor>;
  /**
   * The generator's images as they are, [b, size, size, 1] in [−1, 1] → [b, classes]. The transform that S was trained
   * with is inside, so a caller can't feed it another range.
   */
  logits(parameters: TensorMap, images: tf.Tensor4D): tf.Tensor2D;
};

/** Puts a trained classifier on the device as a judge. It has no dropout and no batch statistics: it is always frozen. */
export function createJudge(parameters: Parameters): Judge {
  return {
    imageSize: parameters.imageSize,
    classes: parameters.classes,
    parameters: toDevice(parameters),
    logits: architectureOf(parameters.architecture).logits,
  };
}
