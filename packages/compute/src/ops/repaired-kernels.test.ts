import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { compile, initCompute } from '../index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const numbers = (x: tf.Tensor) => [...x.dataSync()];

it.each(['int32', 'bool'] as const)('takes the mean of %s as float32, eagerly and traced', (dtype) => {
  const x = tf.tensor2d([1, 0, 1, 1, 0, 0], [2, 3], dtype);
  const mean = (input: tf.Tensor) => tf.mean(input, 1, true);
  for (const result of [mean(x), compile(mean, { name: 'mean' })(x)]) {
    expect([result.dtype, result.shape]).toEqual(['float32', [2, 1]]);
    expect(numbers(result)).toEqual([Math.fround(2 / 3), Math.fround(1 / 3)]);
  }
});

it('rounds halves to even, and leaves int32 as it is', () => {
  const round = (input: tf.Tensor) => tf.round(input);
  for (const run of [round, compile(round, { name: 'round' })]) {
    expect(numbers(run(tf.tensor1d([0.5, 1.5, -2.5, 2.6])))).toEqual([0, 2, -2, 3]);
    expect(numbers(run(tf.tensor1d([-7, 0, 2147483647], 'int32')))).toEqual([-7, 0, 2147483647]);
  }
});

it('refuses batches of a gather that its inputs lack, in tfjs’s words', () => {
  const indices = tf.tensor2d([0, 1], [2, 1], 'int32');
  expect(() => tf.gather(tf.ones([2, 2]), indices, 0, 1)).toThrow(/must be less than or equal to axis/);
});
