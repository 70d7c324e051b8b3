import { firFilter, initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { downsample, upsample } from './resample.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const row = (...values: number[]) => tf.tensor4d(values, [1, 1, values.length, 1]);
const kernel = [1, 3, 3, 1].map((v) => v / 8);

test('upsampling by FIR equals inserting zeros and filtering with [1,3,3,1]/4 along each axis', () => {
  const x = tf.randomNormal([1, 4, 4, 2], 0, 1, 'float32', 1) as tf.Tensor4D;
  const zeros = tf.zerosLike(x);
  const wide = tf.reshape(tf.stack([x, zeros], 3), [1, 4, 8, 2]);
  const spread = tf.reshape(tf.stack([wide, tf.zerosLike(wide)], 2), [1, 8, 8, 2]);
  const outer = kernel.map((a) => kernel.map((b) => 4 * a * b));
  const filter = tf.tensor4d(
    outer.flat().flatMap((v) => [v, 0, 0, v]),
    [4, 4, 2, 2],
  );
  const padded = tf.pad(spread, [
    [0, 0],
    [2, 1],
    [2, 1],
    [0, 0],
  ]) as tf.Tensor4D;
  const expected = tf.conv2d(padded, filter, 1, 'valid');
  expect(tf.max(tf.abs(tf.sub(upsample(x, 'fir'), expected))).dataSync()[0]).toBeLessThan(1e-5);
});

test('downsampling by FIR equals filtering and taking every second place', () => {
  const x = tf.randomNormal([1, 6, 6, 1], 0, 1, 'float32', 2) as tf.Tensor4D;
  const every = tf.stridedSlice(firFilter(x, 1, 1), [0, 0, 0, 0], [1, 5, 5, 1], [1, 2, 2, 1]);
  expect(tf.max(tf.abs(tf.sub(downsample(x, 'fir'), every))).dataSync()[0]).toBeLessThan(1e-6);
});

test.each(['box', 'fir'] as const)('%s resampling keeps a constant image constant inside', (kind) => {
  const x = tf.ones([1, 8, 8, 1]) as tf.Tensor4D;
  const inner = (y: tf.Tensor4D, margin: number) => {
    const side = y.shape[1] - 2 * margin;
    return [...tf.slice(y, [0, margin, margin, 0], [1, side, side, 1]).dataSync()];
  };
  for (const value of [...inner(upsample(x, kind), 1), ...inner(downsample(x, kind), 1)])
    expect(value).toBeCloseTo(1, 6);
});

test('box upsampling repeats', () => {
  expect([...upsample(row(1, 2), 'box').dataSync()]).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
});
