import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  downsample2,
  initCompute,
  lrelu,
  pixelShuffle,
  sigmoidSafe,
  softplusStable,
  upsample2,
} from '../index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

type Op = (x: tf.Tensor4D) => tf.Tensor;

const shape: [number, number, number, number] = [1, 4, 4, 4];
// Away from 0 and from each other, so that no kink lies within the step of a finite difference.
const point = () =>
  tf.tensor4d(
    Array.from({ length: 64 }, (_, i) => Math.sin(1 + 1.9 * i) + (Math.sin(1 + 1.9 * i) < 0 ? -0.2 : 0.2)),
    shape,
  );
const filter = () => tf.sin(tf.range(0, 144).mul(0.7)).reshape([3, 3, 4, 4]) as tf.Tensor4D;

/** ‖∇ sum(op(x)³)‖², the shape of a gradient penalty: its own gradient needs the op's second-order gradient. */
function penalty(op: Op, x: tf.Tensor4D): tf.Tensor {
  const slope = tf.grad((input) =>
    tf.sum(tf.mul(tf.square(op(input as tf.Tensor4D)), op(input as tf.Tensor4D))),
  )(x);
  return tf.sum(tf.square(slope));
}

/** Relative error of the tape's directional derivative of the penalty against a central difference. */
function secondOrderError(op: Op): number {
  return tf.tidy(() => {
    const x = point();
    const direction = tf.cos(tf.range(0, 64).mul(2.3)).reshape(shape) as tf.Tensor4D;
    const h = 2e-3;
    const at = (step: number) => penalty(op, tf.add(x, tf.mul(direction, step))).dataSync()[0]!;
    const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const tape = tf
      .sum(tf.mul(tf.grad((input) => penalty(op, input as tf.Tensor4D))(x), direction))
      .dataSync()[0]!;
    return Math.abs(tape - difference) / Math.max(1, Math.abs(difference));
  });
}

const positive = (x: tf.Tensor) => tf.add(tf.square(x), 0.5);

const correct: Record<string, Op> = {
  conv2d: (x) => tf.conv2d(x, filter(), 1, 'same'),
  'conv2d without padding': (x) => tf.conv2d(x, filter(), 1, 'valid'),
  'conv2d with a stride': (x) => tf.conv2d(x, filter(), 2, 'same'),
  'conv2d of 1 × 1': (x) => tf.conv2d(x, tf.slice(filter(), [0, 1, 0, 0], [1, 1, 4, 4]), 1, 'same'),
  'conv2d of 1 × 3': (x) => tf.conv2d(x, tf.slice(filter(), [1, 0, 0, 0], [1, 3, 4, 2]), 1, 'same'),
  conv2dTranspose: (x) => tf.conv2dTranspose(x, filter(), [1, 8, 8, 4], 2, 'same'),
  matMul: (x) => tf.matMul(tf.reshape(x, [16, 4]) as tf.Tensor2D, tf.reshape(x, [4, 16]) as tf.Tensor2D),
  'add, mul, sub': (x) => tf.sub(tf.mul(x, tf.add(x, 2)), x),
  div: (x) => tf.div(x, positive(x)),
  'sqrt and rsqrt': (x) => tf.mul(tf.sqrt(positive(x)), tf.rsqrt(tf.add(positive(x), 1))),
  pow: (x) => tf.pow(positive(x), 1.5),
  abs: (x) => tf.abs(x),
  relu: (x) => tf.mul(tf.relu(x), x),
  softplus: (x) => tf.softplus(x),
  'gather on axis 0': (x) => tf.gather(tf.reshape(x, [16, 4]), tf.tensor1d([3, 1, 3], 'int32')),
  mirrorPad: (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      'reflect',
    ),
  pad: (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ]),
  slice: (x) => tf.slice(x, [0, 1, 0, 1], [1, 2, 3, 2]),
  'concat and stack': (x) => tf.stack([tf.concat([x, tf.square(x)], 3), tf.concat([x, x], 3)]),
  transpose: (x) => tf.mul(tf.transpose(x, [0, 2, 1, 3]), x),
  'log and logSigmoid': (x) => tf.mul(tf.log(positive(x)), tf.logSigmoid(x)),
  'sin and cos': (x) => tf.mul(tf.sin(x), tf.cos(x)),
  erf: (x) => tf.erf(x),
  'tile up to rank 4': (x) => tf.mul(tf.tile(x, [1, 2, 1, 1]), tf.tile(x, [1, 2, 1, 1])),
  'split and unstack': (x) =>
    tf.mul(tf.split(x, 2, 3)[0]!, tf.unstack(tf.square(x), 3)[3]!.reshape([1, 4, 4, 1])),
  'mean and sum': (x) => tf.mul(tf.mean(x, [1, 2], true), tf.sum(x, 3, true)),
};

const ours: Record<string, Op> = {
  lrelu: (x) => lrelu(x),
  sigmoidSafe: (x) => sigmoidSafe(x),
  softplusStable: (x) => softplusStable(x),
  upsample2: (x) => upsample2(x),
  downsample2: (x) => downsample2(x),
  pixelShuffle: (x) => pixelShuffle(x, 2),
};

const repaired: Record<string, Op> = {
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  exp: (x) => tf.exp(x),
  softmax: (x) => tf.mul(tf.softmax(x), 5),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  leakyRelu: (x) => tf.leakyRelu(x),
  prelu: (x) => tf.prelu(x, tf.fill([1, 4, 4, 4], 0.2) as tf.Tensor4D),
  relu6: (x) => tf.mul(tf.relu6(x), x),
  maximum: (x) => tf.maximum(x, tf.square(x)),
  minimum: (x) => tf.minimum(x, tf.square(x)),
  max: (x) => tf.max(x, 3),
  where: (x) => tf.where(tf.greater(x, 0), tf.square(x), x),
  clipByValue: (x) => tf.mul(tf.clipByValue(x, -0.5, 0.5), x),
  avgPool: (x) => tf.avgPool(x, 2, 2, 'valid'),
  tile: (x) => tf.mul(tf.tile(x, [1, 2, 1, 3]), tf.tile(x, [1, 2, 1, 3])),
  'tile of rank 5': (x) => tf.tile(tf.reshape(x, [1, 4, 4, 4, 1]), [2, 1, 1, 1, 2]),
  cumsum: (x) => tf.cumsum(x, 1),
  'the gradient of a filter gradient': (x) =>
    tf.grad((w) => tf.sum(tf.square(tf.conv2d(x, w as tf.Tensor4D, 1, 'same'))))(filter()),
};

const throwing: Record<string, Op> = {
  depthwiseConv2d: (x) => tf.depthwiseConv2d(x, tf.ones([3, 3, 4, 1]), 1, 'same'),
  resizeBilinear: (x) => tf.image.resizeBilinear(x, [8, 8]),
  resizeNearestNeighbor: (x) => tf.image.resizeNearestNeighbor(x, [8, 8]),
  maxPool: (x) => tf.maxPool(x, 2, 2, 'valid'),
  depthToSpace: (x) => tf.depthToSpace(x, 2),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 0, 0], [1, 4, 4, 4], [1, 2, 2, 1]),
  einsum: (x) => tf.einsum('bhwc,cd->bhwd', x, tf.ones([4, 2])),
};

describe('second-order gradients, against finite differences', () => {
  it.each(Object.entries(correct))('%s of tfjs is right', (_, op) => {
    expect(secondOrderError(op)).toBeLessThan(5e-3);
  });

  it.each(Object.entries(ours))('%s is right', (_, op) => {
    expect(secondOrderError(op)).toBeLessThan(5e-3);
  });

  it.each(Object.entries(throwing))('%s of tfjs throws, so that no loss can use it unnoticed', (_, op) => {
    expect(() => secondOrderError(op)).toThrow();
  });

  it.each(Object.entries(repaired))('%s is right since its gradient is replaced', (_, op) => {
    expect(secondOrderError(op)).toBeLessThan(5e-3);
  });
});

describe('tf.logSoftmax', () => {
  it('is silently wrong the second time: never use it under a second-order path', () => {
    expect(secondOrderError((x) => tf.logSoftmax(x))).toBeGreaterThan(5e-2);
  });
});

describe('the replacements compute what their names say', () => {
  const numbers = (x: tf.Tensor) => Array.from(x.dataSync());

  it('lrelu has slope 0.2 below 0 and 1 above, times its gain', () => {
    expect(numbers(lrelu(tf.tensor1d([-10, 0, 10]), 1))).toEqual([-2, 0, 10]);
    expect(numbers(lrelu(tf.tensor1d([1])))[0]).toBeCloseTo(Math.SQRT2, 6);
  });

  it('softplusStable and sigmoidSafe stay finite and exact far from 0', () => {
    expect(numbers(softplusStable(tf.tensor1d([-200, 0, 200])))).toEqual([0, Math.fround(Math.LN2), 200]);
    expect(numbers(sigmoidSafe(tf.tensor1d([-200, 0, 200])))).toEqual([0, 0.5, 1]);
    expect(numbers(tf.grad((x) => softplusStable(x))(tf.tensor1d([-200, 0, 200])))).toEqual([0, 0.5, 1]);
  });

  it('upsample2 repeats pixels and downsample2 averages them', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    expect(numbers(upsample2(x))).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect(numbers(downsample2(x))).toEqual([2.5]);
    expect(numbers(downsample2(upsample2(x)))).toEqual([1, 2, 3, 4]);
    expect(() => downsample2(tf.zeros([1, 3, 2, 1]))).toThrow(/even height and width/);
  });

  it('pixelShuffle is TensorFlow’s depthToSpace', () => {
    const x = tf.range(0, 32).reshape([1, 2, 2, 8]) as tf.Tensor4D;
    expect(numbers(pixelShuffle(x, 2))).toEqual(numbers(tf.depthToSpace(x, 2)));
    expect(() => pixelShuffle(x, 3)).toThrow(/8 channels/);
  });
});
