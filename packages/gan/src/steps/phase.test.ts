import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { createPhase, everyNth } from './phase.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

test('every second row is that, whatever a row is', () => {
  const x = tf.reshape(tf.range(0, 24), [6, 2, 2]);
  expect([...everyNth(x, 2, 1).dataSync()]).toEqual([4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23]);
  expect(everyNth(x, 3, 0).shape).toEqual([2, 2, 2]);
});

/** One step down the mean of (w·x − y)² over a batch, with rate 1. */
const regression = (parts: number) =>
  createPhase(
    { name: 'regression', how: { xla: false }, parts },
    (fixed: { w: tf.Tensor1D }, { images, label }) => {
      const x = tf.reshape(images, [images.shape[0], 3]) as tf.Tensor2D;
      const error = tf.sub(tf.sum(tf.mul(x, fixed.w), 1, true), label);
      return { gradient: tf.mul(tf.mean(tf.mul(x, error), 0), 2), loss: tf.mean(tf.square(error)) };
    },
    ({ w }, { gradient, loss }) => ({ w: tf.sub(w, gradient), loss }),
  );

test.each([2, 4])(
  'a batch in %s parts gives the step of the whole, and leaves nothing else behind',
  (parts) => {
    const images = tf.randomNormal([8, 1, 3, 1], 0, 1, 'float32', 1) as tf.Tensor4D;
    const label = tf.randomNormal([8, 1], 0, 1, 'float32', 2) as tf.Tensor2D;
    const fixed = { w: tf.tensor1d([1, -2, 0.5]) };
    const seed = tf.tensor1d([1, 2], 'int32');
    const [whole, split] = [regression(1), regression(parts)];
    const expected = whole(fixed, { images, label }, seed);
    split(fixed, { images, label }, seed);
    const before = tf.memory().numTensors;
    const result = split(fixed, { images, label }, seed);
    expect(tf.memory().numTensors - before).toBe(2);
    for (const key of ['w', 'loss'] as const) {
      const [ours, theirs] = [result[key].dataSync(), expected[key].dataSync()];
      for (const [i, v] of theirs.entries()) expect(ours[i]).toBeCloseTo(v, 5);
    }
    whole.dispose();
    split.dispose();
  },
);
