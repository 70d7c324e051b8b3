import { downsample2, tf, upsample2 } from '@synspine/compute';
import type { Resampling } from '../presets.ts';

// [1,3,3,1]/8: StyleGAN2's low-pass filter, once per axis. Only pad, slice, add and reshape: gradients of any order are exact.
const taps = [1 / 8, 3 / 8, 3 / 8, 1 / 8] as const;

type Axis = 1 | 2;

function padAxis(x: tf.Tensor4D, axis: Axis, before: number, after: number): tf.Tensor4D {
  const pads: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  pads[axis] = [before, after];
  return tf.pad(x, pads);
}

function sliceAxis<T extends tf.Tensor>(x: T, axis: number, begin: number, size: number): T {
  const begins = x.shape.map(() => 0);
  const sizes = [...x.shape];
  begins[axis] = begin;
  sizes[axis] = size;
  return tf.slice(x, begins, sizes);
}

function filterAxis(x: tf.Tensor4D, axis: Axis, gain: number): tf.Tensor4D {
  const size = x.shape[axis]! - 3;
  const terms = taps.map((tap, i) => tf.mul(sliceAxis(x, axis, i, size), tap * gain));
  return tf.addN(terms) as tf.Tensor4D;
}

/** [b,h,w,c] → [b,h+2·pad−3,w+2·pad−3,c], multiplied by `gain`² (once per axis). */
export function filterFir(x: tf.Tensor4D, pad: number, gain: number): tf.Tensor4D {
  const rows = filterAxis(padAxis(x, 1, pad, pad), 1, gain);
  return filterAxis(padAxis(rows, 2, pad, pad), 2, gain);
}

/** Zero insertion and FIR in one: out[2i] = ¼x[i−1] + ¾x[i], out[2i+1] = ¾x[i] + ¼x[i+1]. */
function upAxis(x: tf.Tensor4D, axis: Axis): tf.Tensor4D {
  const n = x.shape[axis]!;
  const padded = padAxis(x, axis, 1, 1);
  const near = tf.mul(x, 0.75);
  const even = tf.add(tf.mul(sliceAxis(padded, axis, 0, n), 0.25), near);
  const odd = tf.add(tf.mul(sliceAxis(padded, axis, 2, n), 0.25), near);
  const doubled = x.shape.map((size, i) => (i === axis ? 2 * size : size));
  return tf.reshape(tf.stack([even, odd], axis + 1), doubled as tf.Tensor4D['shape']);
}

/** FIR at every second place. Pairs of neighbours are folded first, so that no strided slice is needed. */
function downAxis(x: tf.Tensor4D, axis: Axis): tf.Tensor4D {
  const n = x.shape[axis]!;
  const folded: number[] = [...x.shape.slice(0, axis), n / 2 + 1, 2, ...x.shape.slice(axis + 1)];
  const pairs = tf.reshape(padAxis(x, axis, 1, 1) as tf.Tensor, folded);
  const terms = taps.map((tap, i) => {
    const shifted = sliceAxis(pairs, axis, i >> 1, n / 2);
    return tf.mul(tf.squeeze(sliceAxis(shifted, axis + 1, i % 2, 1), [axis + 1]), tap);
  });
  return tf.addN(terms) as tf.Tensor4D;
}

/** [b,h,w,c] → [b,2h,2w,c], mean preserved away from the border. */
export function upsample(x: tf.Tensor4D, resampling: Resampling): tf.Tensor4D {
  return resampling === 'box' ? (upsample2(x) as tf.Tensor4D) : upAxis(upAxis(x, 1), 2);
}

/** [b,h,w,c] → [b,h/2,w/2,c] */
export function downsample(x: tf.Tensor4D, resampling: Resampling): tf.Tensor4D {
  return resampling === 'box' ? (downsample2(x) as tf.Tensor4D) : downAxis(downAxis(x, 1), 2);
}
