import * as tf from '@tensorflow/tfjs-core';
import { isTracingForXla } from '../trace-function.ts';
import { linearMap } from './linear-map.ts';

/*
 * Doubling and halving are each other's adjoint, up to a factor of 4, so each is the other's gradient, to any order. TensorFlow's own
 * kernels for them are the fastest when it runs op by op; XLA fuses the written-out form and has slow code for the kernels.
 */

/** Doubles height and width by repeating pixels. [batch, height, width, channels] → [batch, 2 height, 2 width, channels]. */
export function upsample2(x: tf.Tensor4D): tf.Tensor4D {
  return linearMap(x, double, (dy) => tf.mul(downsample2(dy as tf.Tensor4D), 4)) as tf.Tensor4D;
}

/** Halves height and width by averaging 2 × 2 pixels. [batch, height, width, channels] → [batch, height/2, width/2, channels]. */
export function downsample2(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (height % 2 || width % 2) {
    throw new RangeError(`downsample2 needs an even height and width, not ${height} × ${width}`);
  }
  return linearMap(x, halve, (dy) => tf.mul(upsample2(dy as tf.Tensor4D), 0.25)) as tf.Tensor4D;
}

function double(x: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  if (!isTracingForXla()) return tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [height * 2, width * 2]);
  const spread = tf.reshape(x, [batch, height, 1, width, 1, channels]);
  const repeated = tf.mul(spread, tf.ones([1, 1, 2, 1, 2, 1]));
  return tf.reshape(repeated, [batch, height * 2, width * 2, channels]);
}

function halve(x: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  if (!isTracingForXla()) return tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid');
  return tf.mean(tf.reshape(x, [batch, height / 2, 2, width / 2, 2, channels]), [2, 4]);
}
