import * as tf from '@tensorflow/tfjs-core';
import { isTracingForXla } from '../trace-function.ts';
import { linearMap } from './linear-map.ts';

/*
 * StyleGAN2's low-pass filter [1,3,3,1]/8 along both axes, alone or with doubling and halving. The filter is symmetric, so each of these
 * maps has another of them as its adjoint, and gradients of every order are exact. TensorFlow's kernels do a map in one op; XLA has
 * slow code for them and fuses the written-out form.
 */
const taps = [1 / 8, 3 / 8, 3 / 8, 1 / 8] as const;

/** [b,h,w,c] → [b,h+2·pad−3,w+2·pad−3,c], zeros around, multiplied by `gain`² (once per axis). `pad` is 1 or 2. */
export function firFilter(x: tf.Tensor4D, pad: 1 | 2, gain: number): tf.Tensor4D {
  const map = (value: tf.Tensor) => slide(value as tf.Tensor4D, pad, gain);
  const adjoint = (dy: tf.Tensor) => firFilter(dy as tf.Tensor4D, pad === 1 ? 2 : 1, gain);
  return linearMap(x, map, adjoint) as tf.Tensor4D;
}

/** Zero insertion and FIR in one: out[2i] = ¼x[i−1] + ¾x[i], out[2i+1] = ¾x[i] + ¼x[i+1] per axis. [b,h,w,c] → [b,2h,2w,c] */
export function firUpsample2(x: tf.Tensor4D): tf.Tensor4D {
  const map = (value: tf.Tensor) => double(value as tf.Tensor4D);
  return linearMap(x, map, (dy) => tf.mul(firDownsample2(dy as tf.Tensor4D), 4)) as tf.Tensor4D;
}

/** FIR at every second place. [b,h,w,c] → [b,h/2,w/2,c]; h and w are even. */
export function firDownsample2(x: tf.Tensor4D): tf.Tensor4D {
  const map = (value: tf.Tensor) => halve(value as tf.Tensor4D);
  return linearMap(x, map, (dy) => tf.mul(firUpsample2(dy as tf.Tensor4D), 0.25)) as tf.Tensor4D;
}

/** [4,4,channels,1], times `gain`² */
function kernel(channels: number, gain: number): tf.Tensor4D {
  const values = taps.flatMap((a) => taps.map((b) => gain ** 2 * a * b));
  const each = values.flatMap((value) => Array.from({ length: channels }, () => value));
  return tf.tensor4d(each, [4, 4, channels, 1]);
}

function slide(x: tf.Tensor4D, pad: number, gain: number): tf.Tensor4D {
  if (isTracingForXla()) return slideAxis(slideAxis(x, 1, pad, gain), 2, pad, gain);
  const around: [number, number] = [pad, pad];
  return tf.depthwiseConv2d(x, kernel(x.shape[3], gain), 1, [[0, 0], around, around, [0, 0]]);
}

function double(x: tf.Tensor4D): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  if (isTracingForXla()) return doubleAxis(doubleAxis(x, 1), 2);
  const inputShape: [number, number, number, number] = [b, 2 * h, 2 * w, c];
  if (c === 1) return tf.conv2dTranspose(x, kernel(1, 2), inputShape, 2, 'same');
  const attributes = { strides: [2, 2], pad: 'same', dilations: [1, 1], inputShape };
  const inputs = { dy: x, filter: kernel(c, 2) };
  return tf.engine().runKernel(tf.DepthwiseConv2dNativeBackpropInput, inputs, attributes) as tf.Tensor4D;
}

function halve(x: tf.Tensor4D): tf.Tensor4D {
  const channels = x.shape[3];
  if (isTracingForXla()) return halveAxis(halveAxis(x, 1), 2);
  if (channels === 1) return tf.conv2d(x, kernel(1, 1), 2, 'same');
  return tf.depthwiseConv2d(x, kernel(channels, 1), 2, 'same');
}

type Axis = 1 | 2;

function padAxis(x: tf.Tensor4D, axis: Axis, pad: number): tf.Tensor4D {
  return tf.pad(
    x,
    x.shape.map((_, i) => (i === axis ? [pad, pad] : [0, 0]) as [number, number]),
  );
}

function sliceAxis<T extends tf.Tensor>(x: T, axis: number, begin: number, size: number): T {
  const sizes = x.shape.map((length, i) => (i === axis ? size : length));
  return tf.slice(
    x,
    x.shape.map((_, i) => (i === axis ? begin : 0)),
    sizes,
  );
}

function slideAxis(x: tf.Tensor4D, axis: Axis, pad: number, gain: number): tf.Tensor4D {
  const padded = padAxis(x, axis, pad);
  const size = padded.shape[axis] - 3;
  return tf.addN(taps.map((tap, i) => tf.mul(sliceAxis(padded, axis, i, size), tap * gain))) as tf.Tensor4D;
}

function doubleAxis(x: tf.Tensor4D, axis: Axis): tf.Tensor4D {
  const n = x.shape[axis];
  const padded = padAxis(x, axis, 1);
  const near = tf.mul(x, 0.75);
  const even = tf.add(tf.mul(sliceAxis(padded, axis, 0, n), 0.25), near);
  const odd = tf.add(tf.mul(sliceAxis(padded, axis, 2, n), 0.25), near);
  const doubled = x.shape.map((size, i) => (i === axis ? 2 * size : size));
  return tf.reshape(tf.stack([even, odd], axis + 1), doubled as tf.Tensor4D['shape']);
}

/** Pairs of neighbours are folded first, so that no strided slice is needed. */
function halveAxis(x: tf.Tensor4D, axis: Axis): tf.Tensor4D {
  const n = x.shape[axis];
  const folded: number[] = [...x.shape.slice(0, axis), n / 2 + 1, 2, ...x.shape.slice(axis + 1)];
  const pairs = tf.reshape(padAxis(x, axis, 1) as tf.Tensor, folded);
  const terms = taps.map((tap, i) => {
    const shifted = sliceAxis(pairs, axis, i >> 1, n / 2);
    return tf.mul(tf.squeeze(sliceAxis(shifted, axis + 1, i % 2, 1), [axis + 1]), tap);
  });
  return tf.addN(terms) as tf.Tensor4D;
}
