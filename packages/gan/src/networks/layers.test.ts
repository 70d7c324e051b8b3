import { initCompute, tf, upsample2 } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { convDoubled, convDown, modulatedConv, toGray } from './layers.ts';

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

/** [1,3,3,1]/8 along both axes as a dense 4×4 kernel that keeps channels apart, times `gain`. */
function firKernel(channels: number, gain: number): tf.Tensor4D {
  const taps = [1, 3, 3, 1].map((tap) => tap / 8);
  const values = taps.flatMap((a) => taps.map((b) => gain * a * b));
  return tf.mul(tf.reshape(tf.tensor1d(values), [4, 4, 1, 1]), tf.eye(channels)) as tf.Tensor4D;
}

function padded(x: tf.Tensor4D, before: number, after: number): tf.Tensor4D {
  const none = [0, 0] as [number, number];
  return tf.pad(x, [none, [before, after], [before, after], none]);
}

/** Zeros after every row and column: [b,h,w,c] → [b,2h,2w,c]. */
function spread(x: tf.Tensor4D): tf.Tensor4D {
  const [b, h, w, c] = x.shape;
  const corner = tf.tensor2d([1, 0, 0, 0], [2, 2]);
  const cells = tf.mul(tf.reshape(x, [b, h, 1, w, 1, c]), tf.reshape(corner, [1, 1, 2, 1, 2, 1]));
  return tf.reshape(cells, [b, 2 * h, 2 * w, c]);
}

/** StyleGAN2's definition: a convolution whose weights are scaled by the style, and then to unit norm, for one image. */
function byModulatedWeights(
  p: Record<string, tf.Tensor>,
  x: tf.Tensor4D,
  style: tf.Tensor2D,
  up: Up,
): tf.Tensor4D {
  const weight = p['c.weight'] as tf.Tensor4D;
  const affine = tf.div(tf.matMul(style, p['c.affine.weight'] as tf.Tensor2D), Math.sqrt(style.shape[1]));
  const s = tf.add(affine, p['c.affine.bias']!).reshape([1, 1, -1, 1]);
  const modulated = tf.mul(tf.div(weight, Math.sqrt(9 * weight.shape[2])), s);
  const norm = tf.sqrt(tf.add(tf.sum(tf.square(modulated), [0, 1, 2], true), 1e-8));
  const w = tf.div(modulated, norm) as tf.Tensor4D;
  if (up === null) return tf.conv2d(x, w, 1, 'same');
  if (up === 'box') return tf.conv2d(upsample2(x), w, 1, 'same');
  // Each pixel of the transposed convolution adds its kernel: a convolution of the spread image with the kernel reversed.
  const transposed = tf.conv2d(padded(spread(x), 2, 1), tf.reverse(w, [0, 1]), 1, 'valid');
  return tf.conv2d(padded(transposed, 1, 1), firKernel(w.shape[3], 4), 1, 'valid');
}

type Up = 'box' | 'fir' | null;

test.each<Up>([null, 'box', 'fir'])('up by %s: modulating activations is modulating weights', (up) => {
  const p = { ...convParameters(3, 5, 2), 'c.bias': tf.range(-2, 3, 1) };
  const x = tf.randomNormal([2, 4, 4, 3], 0, 1, 'float32', 8) as tf.Tensor4D;
  const styles = tf.randomNormal([2, 2], 0, 1, 'float32', 9) as tf.Tensor2D;
  const parts = [0, 1].map((i) =>
    byModulatedWeights(p, tf.slice(x, [i], [1]), tf.slice(styles, [i], [1]), up),
  );
  const expected = tf.mul(tf.leakyRelu(tf.add(tf.concat(parts), p['c.bias']), 0.2), Math.SQRT2);
  expect(largest(modulatedConv(p, 'c', x, styles, up), expected)).toBeLessThan(1e-4);
});

test('toGray weighs the channels by the style, without demodulation', () => {
  const p: Record<string, tf.Tensor> = {
    ...convParameters(3, 1, 2),
    'c.weight': tf.ones([1, 1, 3, 1]),
    'c.bias': tf.tensor1d([0.5]),
  };
  const x = tf.tensor4d([1, 2, 3], [1, 1, 1, 3]);
  const style = tf.tensor2d([[Math.SQRT2, 0]]); // √2 undoes the affine's 1/√fan_in
  const [a, b, c] = [...tf.add(tf.slice(p['c.affine.weight']!, [0], [1]), 1).dataSync()];
  const expected = (a! + 2 * b! + 3 * c!) / Math.sqrt(3) + 0.5;
  expect(toGray(p, 'c', x, style).dataSync()[0]).toBeCloseTo(expected, 5);
});

test.each(['box', 'fir'] as const)('%s: convDown is a low-pass, then every second convolution', (kind) => {
  const p = convParameters(3, 5, 2);
  const x = tf.randomNormal([2, 6, 6, 3], 0, 1, 'float32', 10) as tf.Tensor4D;
  const w = tf.div(p['c.weight']!, Math.sqrt(27)) as tf.Tensor4D;
  const smooth = () => tf.conv2d(padded(x, 2, 2), firKernel(3, 1), 1, 'valid');
  const expected =
    kind === 'box'
      ? tf.conv2d(tf.avgPool(x, 2, 2, 'valid'), w, 1, 'same')
      : tf.stridedSlice(tf.conv2d(smooth(), w, 1, 'valid'), [0, 0, 0, 0], [2, 5, 5, 5], [1, 2, 2, 1]);
  expect(largest(convDown(p, 'c', x, kind), expected)).toBeLessThan(1e-4);
});
