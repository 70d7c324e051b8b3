import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';
import { linearMap } from './linear-map.ts';

/*
 * tfjs 4.22's gradients are meant to be taken once. Taken twice, an op that reuses its own saved output (exp, sigmoid, tanh, softmax,
 * the exponent of pow) is silently wrong, because that output isn't on the tape; others throw, because a kernel of their gradient has
 * none itself. And some are wrong or slow the first time already (cumsum, mirrorPad; tile). These replacements are right to
 * any order: second-order.test.ts compares every gradient with finite differences and keeps the table of what still throws.
 */

/** Replaces gradients in tfjs's registry, which is one for the process. */
export function repairGradients(): void {
  const repaired = [...comparisons(), ...recomputed(), ...linear()];
  for (const config of repaired) {
    if (tf.getGradient(config.kernelName)) tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
}

/** Piecewise constant, so their gradient is zero wherever it exists. tfjs wants float32 gradients for bool inputs too. */
function comparisons(): tf.GradConfig[] {
  const binary = [
    tf.Equal,
    tf.NotEqual,
    tf.Less,
    tf.LessEqual,
    tf.Greater,
    tf.GreaterEqual,
    tf.LogicalAnd,
    tf.LogicalOr,
  ];
  const zeros = (input: tf.Tensor | undefined) => () => tf.zeros(input!.shape);
  return [
    ...binary.map((kernelName) => ({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (_: tf.Tensor | tf.Tensor[], [a, b]: tf.Tensor[]) => ({ a: zeros(a), b: zeros(b) }),
    })),
    { kernelName: tf.LogicalNot, inputsToSave: ['x'], gradFunc: (_, [x]) => ({ x: zeros(x) }) },
  ];
}

/** Computed anew from the input, which is on the tape. */
function recomputed(): tf.GradConfig[] {
  return [
    elementwise(tf.Exp, (x) => tf.exp(x)),
    elementwise(tf.Sigmoid, (x) => tf.mul(tf.sigmoid(x), tf.sigmoid(tf.neg(x)))),
    elementwise(tf.Tanh, (x) => tf.sub(1, tf.square(tf.tanh(x)))),
    elementwise(tf.Elu, (x) => tf.where(tf.greater(x, 0), tf.onesLike(x), tf.exp(tf.minimum(x, 0)))),
    { kernelName: tf.Pow, inputsToSave: ['a', 'b'], gradFunc: powerGradients },
    {
      kernelName: tf.Softmax,
      inputsToSave: ['logits'],
      gradFunc: (dy, [logits], attrs) => ({
        logits: () => softmaxGradient(single(dy), logits!, attrs.dim as number),
      }),
    },
  ];
}

/** Linear maps, whose gradient is their adjoint. */
function linear(): tf.GradConfig[] {
  return [
    {
      kernelName: tf.Tile,
      inputsToSave: ['x'],
      gradFunc: (dy, [x], attrs) => ({ x: () => sumTiles(single(dy), x!.shape, attrs.reps as number[]) }),
    },
    {
      kernelName: tf.MirrorPad,
      gradFunc: (dy, _, attrs) => ({
        x: () => foldMirror(single(dy), attrs as unknown as tf.MirrorPadAttrs),
      }),
    },
    {
      kernelName: tf.Cumsum,
      gradFunc: (dy, _, attrs) => {
        const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
        return { x: () => tf.cumsum(single(dy), axis, exclusive, !reverse) };
      },
    },
    {
      kernelName: tf.AvgPoolGrad,
      inputsToSave: ['input'],
      gradFunc: (dy, [input], attrs) => {
        const { filterSize, strides, pad } = attrs as unknown as tf.AvgPoolGradAttrs;
        return {
          dy: () =>
            tf.avgPool(single(dy) as tf.Tensor4D, filterSize, strides, pad as 'same' | 'valid' | number),
          input: () => tf.zerosLike(input!),
        };
      },
    },
    { kernelName: tf.Conv2DBackpropFilter, inputsToSave: ['x', 'dy'], gradFunc: filterGradientGradient },
  ];
}

/** The filter gradient is bilinear in x and dy: each one's gradient is the convolution that the other takes part in. */
function filterGradientGradient(dw: tf.Tensor | tf.Tensor[], saved: tf.Tensor[], attrs: tf.NamedAttrMap) {
  const [x, dy] = saved as [tf.Tensor4D, tf.Tensor4D];
  const filter = single(dw) as tf.Tensor4D;
  const { strides, pad, dataFormat } = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
  const inputAttrs = { strides, pad, dataFormat, inputShape: x.shape };
  return {
    x: () => tf.engine().runKernel(tf.Conv2DBackpropInput, { dy, filter }, inputAttrs) as tf.Tensor,
    dy: () => tf.conv2d(x, filter, strides, pad as 'same' | 'valid' | number, dataFormat),
  };
}

function elementwise(kernelName: string, derivative: (x: tf.Tensor) => tf.Tensor): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(single(dy), derivative(x!)) }),
  };
}

/** Of aᵇ: b·aᵇ⁻¹, and aᵇ·log a where a > 0. */
function powerGradients(dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) {
  const [a, b] = saved as [tf.Tensor, tf.Tensor];
  const exponent = () => tf.cast(b, 'float32');
  const positive = () => tf.greater(a, 0);
  return {
    a: () => sumTo(tf.mul(single(dy), tf.mul(exponent(), tf.pow(a, tf.sub(exponent(), 1)))), a.shape),
    b: () => {
      const logarithm = tf.log(tf.where(positive(), a, tf.onesLike(a))); // of 1 in the place of what has none
      return sumTo(tf.mul(single(dy), tf.mul(tf.pow(a, b), logarithm)), b.shape);
    },
  };
}

/** Adds up what broadcasting repeated. */
function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape);
}

function softmaxGradient(dy: tf.Tensor, logits: tf.Tensor, axis: number): tf.Tensor {
  const y = tf.softmax(logits, axis);
  const weighted = tf.mul(dy, y);
  return tf.sub(weighted, tf.mul(tf.sum(weighted, axis, true), y));
}

/** The adjoint of mirrorPad: adds the reflections to what they reflect. */
function foldMirror(dy: tf.Tensor, { paddings, mode }: tf.MirrorPadAttrs): tf.Tensor {
  const native = backend();
  const { TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = native.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'Tpaddings', type: TF_ATTR_TYPE, value: TF_INT32 },
    { name: 'mode', type: TF_ATTR_STRING, value: mode.toUpperCase() },
  ];
  const fold = (x: tf.Tensor) =>
    native.executeSingleOutput('MirrorPadGrad', attributes, [x, tf.tensor2d(paddings, undefined, 'int32')]);
  return linearMap(dy, fold, (dz) => tf.mirrorPad(dz, paddings, mode));
}

/** Adds up the copies that tile made: [r0 · s0, r1 · s1, …] → [r0, s0, r1, s1, …] → [s0, s1, …]. */
function sumTiles(dy: tf.Tensor, shape: number[], repetitions: number[]): tf.Tensor {
  const split = shape.flatMap((size, axis) => [repetitions[axis]!, size]);
  return tf.sum(
    tf.reshape(dy, split),
    shape.map((_, axis) => 2 * axis),
  );
}

function single(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(dy) ? dy[0]! : dy;
}
