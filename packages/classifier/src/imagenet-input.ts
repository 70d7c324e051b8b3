import { tf } from '@synspine/compute';
import { ClassifierError } from './classifier-error.ts';

/** Side at which both networks were published. */
const INPUT_SIDE = 224;

export type ChannelScale = { mean: readonly number[]; deviation: readonly number[] };

/** Smaller films hold no spine, and larger ones would cost memory for detail that the resize takes away. */
export function checkSide(size: number): void {
  if (!Number.isInteger(size) || size < 16 || size > 1024)
    throw new ClassifierError('SIZE_UNSUPPORTED', `${size} px`);
}

/**
 * Gray images in [−1, 1] as a network of colour photographs takes them: to [0, 1], resized to 224 with antialiasing,
 * three equal channels, (x − mean) / deviation. [b, s, s, 1] → [b, 224, 224, 3]; linear, so it has every gradient.
 */
export function toImagenetInput(images: tf.Tensor4D, { mean, deviation }: ChannelScale): tf.Tensor4D {
  const gray = resize(tf.div(tf.add(images, 1), 2)); // [b, 224, 224, 1]
  const colour = tf.mul(gray, tf.tensor1d(deviation.map((d) => 1 / d))); // broadcast to three channels
  return tf.sub(colour, tf.tensor1d(mean.map((m, c) => m / deviation[c]!)));
}

/** Both axes by one matrix product each. */
function resize(gray: tf.Tensor4D): tf.Tensor4D {
  const [batch, side] = gray.shape;
  if (side === INPUT_SIDE) return gray;
  const weights = tf.tensor2d(resizeWeights(side, INPUT_SIDE), [INPUT_SIDE, side]);
  const rows = tf.matMul(tf.reshape(gray, [batch * side, side]), weights, false, true); // [b·s, 224]
  const turned = tf.transpose(tf.reshape(rows, [batch, side, INPUT_SIDE]), [0, 2, 1]); // [b, 224 across, s]
  const both = tf.matMul(tf.reshape(turned, [batch * INPUT_SIDE, side]), weights, false, true);
  const square = tf.transpose(tf.reshape(both, [batch, INPUT_SIDE, INPUT_SIDE]), [0, 2, 1]);
  return tf.reshape(square, [batch, INPUT_SIDE, INPUT_SIDE, 1]);
}

/**
 * Row t says how much of each source pixel target pixel t takes: a triangle around its centre, as wide as two source
 * pixels, or two target pixels where the image shrinks. What lies outside the image is left out.
 */
function resizeWeights(from: number, to: number): Float32Array {
  const scale = from / to;
  const support = Math.max(1, scale);
  const weights = new Float32Array(to * from);
  for (let target = 0; target < to; target++) {
    const centre = (target + 0.5) * scale - 0.5;
    const row = weights.subarray(target * from, (target + 1) * from);
    for (let source = 0; source < from; source++)
      row[source] = Math.max(0, 1 - Math.abs(source - centre) / support);
    const sum = row.reduce((total, w) => total + w, 0);
    for (let source = 0; source < from; source++) row[source]! /= sum;
  }
  return weights;
}
