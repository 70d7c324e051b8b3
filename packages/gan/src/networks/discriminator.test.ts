import { initCompute, tf } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { initParameters, unflatten } from '../parameters.ts';
import { tinyPreset } from '../test-data.ts';
import { appendMinibatchStd, discriminate, discriminatorSpecs } from './discriminator.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const specs = discriminatorSpecs(tinyPreset, 2);
const parameters = () => unflatten(specs, initParameters(specs, tf.tensor1d([1, 2], 'int32')));
const images = (n: number, seed: number) =>
  tf.randomNormal([n, 8, 8, 1], 0, 1, 'float32', seed) as tf.Tensor4D;
const labels = (n: number) =>
  tf.oneHot(tf.range(0, n, 1, 'int32').mod(tf.scalar(2, 'int32')), 2).toFloat() as tf.Tensor2D;

test('two batches in one pass get the logits that they get apart', () => {
  const [p, a, b, label] = [parameters(), images(8, 1), images(8, 2), labels(8)];
  const together = discriminate(tinyPreset, p, tf.concat([a, b]), tf.concat([label, label]), 2);
  const apart = tf.concat([discriminate(tinyPreset, p, a, label), discriminate(tinyPreset, p, b, label)]);
  expect(tf.max(tf.abs(tf.sub(together, apart))).dataSync()[0]).toBeLessThan(1e-5);
});

test('the added channel is the mean deviation within a group of four, and 0 for equal images', () => {
  const x = tf.tensor4d([0, 5, 2, 5, 0, 5, 2, 5], [8, 1, 1, 1]); // strided groups: {0,2,0,2} and {5,5,5,5}
  const std = tf.slice(appendMinibatchStd(x, 4, 1), [0, 0, 0, 1], [8, 1, 1, 1]).dataSync();
  for (const [i, value] of std.entries()) expect(value).toBeCloseTo(i % 2 === 0 ? 1 : 0, 3);
});

test('the label decides which direction of the features counts', () => {
  const [p, x] = [parameters(), images(8, 3)];
  const [first, second] = [0, 1].map((c) =>
    discriminate(tinyPreset, p, x, tf.oneHot(tf.fill([8], c, 'int32'), 2).toFloat() as tf.Tensor2D),
  );
  expect(tf.max(tf.abs(tf.sub(first!, second!))).dataSync()[0]).toBeGreaterThan(0.01);
});

test('every second image of a batch of two groups is a group: apart they get the same logits', () => {
  const [p, x, label] = [parameters(), images(8, 4), labels(8)];
  const whole = tf.reshape(discriminate(tinyPreset, p, x, label), [4, 2]);
  for (const from of [0, 1]) {
    const rows = tf.range(from, 8, 2, 'int32');
    const apart = discriminate(tinyPreset, p, tf.gather(x, rows), tf.gather(label, rows));
    const expected = tf.slice(whole, [0, from], [4, 1]).flatten();
    expect(tf.max(tf.abs(tf.sub(apart, expected))).dataSync()[0]).toBeLessThan(1e-5);
  }
});
