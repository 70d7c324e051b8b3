import { addBias, firFilter, lrelu, tf } from '@synspine/compute';
import type { Resampling } from '../presets.ts';
import { downsample } from './resample.ts';

/** Trainable tensors by name, in the order of their specs. */
export type Parameters = Readonly<Record<string, tf.Tensor>>;

function fanIn(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((a, b) => a * b, 1);
}

/** Equalised learning rate: weights are stored as N(0,1) and scaled here by multiplier / √fan_in. */
function equalize<T extends tf.Tensor>(weight: T, multiplier = 1): T {
  return tf.mul(weight, multiplier / Math.sqrt(fanIn(weight.shape))) as T;
}

/** [b,i] → [b,o] by `${name}.weight` [i,o] and `${name}.bias` [o]. */
export function dense(p: Parameters, name: string, x: tf.Tensor2D, multiplier = 1): tf.Tensor2D {
  const y = tf.matMul(x, equalize(p[`${name}.weight`]! as tf.Tensor2D, multiplier));
  const bias = p[`${name}.bias`]!;
  return tf.add(y, multiplier === 1 ? bias : tf.mul(bias, multiplier));
}

/** Second moment normalised to 1 along the last axis. */
export function normalizeMoment(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), 1e-8)));
}

/** 3×3 or 1×1 convolution that keeps the size, by `${name}.weight` [k,k,i,o], times `gain`; no bias, no activation. */
export function conv(p: Parameters, name: string, x: tf.Tensor4D, gain = 1): tf.Tensor4D {
  return tf.conv2d(x, equalize(p[`${name}.weight`]! as tf.Tensor4D, gain), 1, 'same');
}

/** 3×3 convolution to half the size, times `gain`: low-pass, then stride 2. */
export function convDown(
  p: Parameters,
  name: string,
  x: tf.Tensor4D,
  resampling: Resampling,
  gain = 1,
): tf.Tensor4D {
  if (resampling === 'box') return conv(p, name, downsample(x, 'box'), gain);
  return tf.conv2d(firFilter(x, 2, 1), equalize(p[`${name}.weight`]! as tf.Tensor4D, gain), 2, 'valid');
}

/**
 * √2 · leaky ReLU (slope 0.2; √2 keeps the variance) of the sum of `x` and `${name}.bias`, times `gain`. `x` has the factor
 * √2·gain already: a positive factor passes the activation, and on weights it costs less than on images.
 */
export function activate(p: Parameters, name: string, x: tf.Tensor4D, gain = 1): tf.Tensor4D {
  return lrelu(addBias(x, tf.mul(p[`${name}.bias`]! as tf.Tensor1D, Math.SQRT2 * gain)), 1);
}

type Axis = 0 | 1;

/** Along one axis: the two-tap kernels that a three-tap kernel becomes at even and at odd places of a doubled image. */
function phaseKernels(weight: tf.Tensor4D, axis: Axis): [tf.Tensor4D, tf.Tensor4D] {
  const [w0, w1, w2] = tf.split(weight, 3, axis) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  return [tf.concat([w0, tf.add(w1, w2)], axis), tf.concat([tf.add(w0, w1), w2], axis)];
}

/** Every second row from `even`, the others from `odd`. [b,h,w,c] ×2 → [b,2h,w,c] (or along the width). */
function interleave(even: tf.Tensor4D, odd: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const shape = even.shape.map((size, i) => (i === axis ? 2 * size : size)) as tf.Tensor4D['shape'];
  return tf.reshape(tf.stack([even, odd], axis + 1), shape);
}

/**
 * The 3×3 convolution of an image doubled by repetition, computed at the small size: each of the four places of a repeated pixel sees
 * only 2×2 different source pixels. 16 multiplications in the place of 36. [b,h,w,i] → [b,2h,2w,o]
 */
export function convDoubled(x: tf.Tensor4D, weight: tf.Tensor4D): tf.Tensor4D {
  const [b, h, w] = x.shape;
  const outputs = weight.shape[3];
  const kernels = phaseKernels(weight, 0).flatMap((rows) => phaseKernels(rows, 1));
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const y = tf.conv2d(padded, tf.concat(kernels, 3), 1, 'valid'); // [b,h+1,w+1,4·o]
  const place = (row: number, column: number) =>
    tf.slice(y, [0, row, column, (2 * row + column) * outputs], [b, h, w, outputs]);
  const rows = [0, 1].map((row) => interleave(place(row, 0), place(row, 1), 2));
  return interleave(rows[0]!, rows[1]!, 1);
}

function convUp(x: tf.Tensor4D, weight: tf.Tensor4D, resampling: Resampling): tf.Tensor4D {
  if (resampling === 'box') return convDoubled(x, weight);
  const [b, h, w] = x.shape;
  const swapped = tf.transpose(weight, [0, 1, 3, 2]); // conv2dTranspose wants [k,k,o,i]
  const y = tf.conv2dTranspose(x, swapped, [b, 2 * h + 1, 2 * w + 1, weight.shape[3]], 2, 'valid');
  return firFilter(y, 1, 2); // gain 2 per axis: three of four inserted values were zero
}

/**
 * Style-modulated convolution in its non-fused form, the one whose gradient can be differentiated again:
 * y = conv(x·s, W) · rsqrt(s² · ΣW² + 1e-8) + bias, with s = affine(w). [b,h,w,i] → [b,h or 2h,w or 2w,o], through leaky ReLU (slope 0.2, × √2 to keep the variance).
 */
export function modulatedConv(
  p: Parameters,
  name: string,
  x: tf.Tensor4D,
  style: tf.Tensor2D,
  up: Resampling | null,
): tf.Tensor4D {
  const weight = equalize(p[`${name}.weight`]! as tf.Tensor4D);
  const [b, channels] = [style.shape[0], weight.shape[2]];
  const s = dense(p, `${name}.affine`, style);
  const scaled = tf.mul(x, tf.reshape(s, [b, 1, 1, channels])) as tf.Tensor4D;
  const y = up ? convUp(scaled, weight, up) : tf.conv2d(scaled, weight, 1, 'same');
  const energy = tf.sum(tf.square(weight), [0, 1]) as tf.Tensor2D; // [i,o]
  const demodulation = tf.rsqrt(tf.add(tf.matMul(tf.square(s), energy), 1e-8)); // [b,o]
  const factor = tf.reshape(tf.mul(demodulation, Math.SQRT2), [b, 1, 1, weight.shape[3]]);
  return activate(p, name, tf.mul(y, factor));
}

/** 1×1 modulated convolution to one channel, without demodulation or activation. [b,h,w,i] → [b,h,w,1] */
export function toGray(p: Parameters, name: string, x: tf.Tensor4D, style: tf.Tensor2D): tf.Tensor4D {
  const s = dense(p, `${name}.affine`, style);
  const scaled = tf.mul(x, tf.reshape(s, [style.shape[0], 1, 1, x.shape[3]])) as tf.Tensor4D;
  return addBias(conv(p, name, scaled), p[`${name}.bias`]! as tf.Tensor1D);
}
