import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchNormByBatch, compile, initCompute, relu, relu6 } from '../index.ts';

beforeAll(() => void initCompute({ threads: 2 }));

const wave = (shape: [number, number, number, number], step: number) =>
  tf.tensor4d(
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 3 * Math.sin(1 + step * i)),
    shape,
  );
const values = (tensors: tf.Tensor[]) => tensors.map((t) => Array.from(t.dataSync()));

/** The definition: (x − mean) / √(variance + ε) · gain + bias. */
function composed(x: tf.Tensor4D, gain: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): tf.Tensor4D {
  const centred = tf.sub(x, tf.mean(x, [0, 1, 2]));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), [0, 1, 2]), epsilon));
  return tf.add(tf.mul(tf.div(centred, deviation), gain), bias);
}

describe('batch norm by the batch', () => {
  const [x, gain, bias] = [
    () => wave([3, 4, 4, 5], 1.7),
    () => tf.tensor1d([1, 2, -1, 0.5, 3]),
    () => tf.tensor1d([0, 1, 2, -1, 0]),
  ];
  const gradients = (op: typeof composed) => (a: tf.Tensor4D, g: tf.Tensor1D, b: tf.Tensor1D) => {
    const loss = (...of: tf.Tensor[]) =>
      tf.sum(
        tf.pow(op(of[0] as tf.Tensor4D, of[1] as tf.Tensor1D, of[2] as tf.Tensor1D, 0.01), 3),
      ) as tf.Scalar;
    const { value, grads } = tf.valueAndGrads(loss)([a, g, b]);
    return [value as tf.Tensor, ...grads];
  };

  it.each([false, true])('is its definition, value and gradients, traced with XLA: %s', (xla) => {
    const expected = values(gradients(composed)(x(), gain(), bias()));
    const step = compile(gradients(batchNormByBatch), { name: 'batch norm', xla });
    for (const [i, of] of values(step(x(), gain(), bias())).entries())
      of.forEach((v, k) => {
        expect(Math.abs(v - expected[i]![k]!)).toBeLessThan(1e-3 * (1 + Math.abs(expected[i]![k]!)));
      });
  });
});

describe('rectified units', () => {
  it.each([
    ['relu', relu, (x: tf.Tensor) => tf.maximum(x, 0)],
    ['relu6', relu6, (x: tf.Tensor) => tf.minimum(tf.maximum(x, 0), 6)],
  ])('%s is its definition, and its slope is 1 where it isn’t cut', (_, op, definition) => {
    const points = tf.tensor1d([-3, -0.1, 0.1, 2, 5.9, 6.1, 9]);
    expect(values([op(points)])).toEqual(values([definition(points)]));
    const slope = tf.grad((x) => tf.sum(tf.square(op(x))))(points);
    const expected = values([definition(points)])[0]!.map((y) =>
      y > 0 && (op === relu || y < 6) ? 2 * y : 0,
    );
    expect(values([slope])[0]).toEqual(expected);
  });
});
