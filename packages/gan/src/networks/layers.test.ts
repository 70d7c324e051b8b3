import { initCompute, tf, upsample2 } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { convDoubled, modulatedConv } from './layers.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const largest = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

test('convDoubled gives what repeating every pixel and then convolving gives', () => {
  const x = tf.randomNormal([2, 4, 4, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
  const w = tf.randomNormal([3, 3, 3, 5], 0, 1, 'float32', 2) as tf.Tensor4D;
  const plain = tf.conv2d(upsample2(x) as tf.Tensor4D, w, 1, 'same');
  expect(largest(convDoubled(x, w), plain)).toBeLessThan(1e-4);
});

function convParameters(inputs: number, outputs: number, styleDim: number): Record<string, tf.Tensor> {
  return {
    'c.weight': tf.randomNormal([3, 3, inputs, outputs], 0, 1, 'float32', 3),
    'c.bias': tf.zeros([outputs]),
    'c.affine.weight': tf.randomNormal([styleDim, inputs], 0, 1, 'float32', 4),
    'c.affine.bias': tf.ones([inputs]),
  };
}

test('demodulation makes the output independent of the size of the style', () => {
  const p = { ...convParameters(4, 4, 2), 'c.affine.bias': tf.zeros([4]) };
  const x = tf.randomNormal([1, 8, 8, 4], 0, 1, 'float32', 5) as tf.Tensor4D;
  const w = tf.tensor2d([[0.3, -1]]);
  const [small, large] = [w, tf.mul(w, 10) as tf.Tensor2D].map((style) =>
    modulatedConv(p, 'c', x, style, null),
  );
  expect(largest(small!, large!)).toBeLessThan(1e-3);
});

test('each image is modulated by its own style', () => {
  const p = convParameters(4, 4, 2);
  const one = tf.randomNormal([1, 8, 8, 4], 0, 1, 'float32', 6) as tf.Tensor4D;
  const styles = tf.tensor2d([
    [1, 0],
    [0, 1],
  ]);
  const together = modulatedConv(p, 'c', tf.concat([one, one]), styles, null);
  const second = modulatedConv(p, 'c', one, tf.slice(styles, [1], [1]), null);
  expect(largest(tf.slice(together, [1], [1]), second)).toBeLessThan(1e-5);
});

test.each(['box', 'fir'] as const)(
  '%s: a doubling convolution keeps the unit variance of its input',
  (up) => {
    const p = convParameters(16, 16, 2);
    const x = tf.randomNormal([4, 16, 16, 16], 0, 1, 'float32', 7) as tf.Tensor4D;
    const smooth = tf.avgPool(x, 3, 1, 'same');
    const unit = tf.div(smooth, tf.moments(smooth).variance.sqrt()) as tf.Tensor4D;
    const y = modulatedConv(p, 'c', unit, tf.zeros([4, 2]), up);
    const power = tf.mean(tf.square(y)).dataSync()[0]!;
    expect(y.shape).toEqual([4, 32, 32, 16]);
    expect(power).toBeGreaterThan(0.4);
    expect(power).toBeLessThan(2.5);
  },
);
