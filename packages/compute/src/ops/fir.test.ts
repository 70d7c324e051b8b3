import { beforeAll, expect, it } from 'vitest';
import { addBias, compile, firDownsample2, firFilter, firUpsample2, initCompute, tf } from '../index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const largest = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

const maps: [string, (x: tf.Tensor4D) => tf.Tensor4D][] = [
  ['firFilter with pad 1', (x) => firFilter(x, 1, 2)],
  ['firFilter with pad 2', (x) => firFilter(x, 2, 1)],
  ['firUpsample2', firUpsample2],
  ['firDownsample2', firDownsample2],
];

for (const channels of [1, 3]) {
  it.each(maps)(
    `%s of ${channels} channels gives the same written out for XLA, gradient included`,
    (_, map) => {
      const x = tf.randomNormal([2, 6, 8, channels], 0, 1, 'float32', channels) as tf.Tensor4D;
      const both = (image: tf.Tensor4D) => {
        const loss = (y: tf.Tensor) => tf.sum(tf.square(map(y as tf.Tensor4D)));
        return [map(image), tf.grad(loss)(image)] as [tf.Tensor4D, tf.Tensor4D];
      };
      const expected = both(x);
      const compiled = compile(both, { name: 'fir', xla: true });
      const actual = compiled(x);
      for (const [i, value] of actual.entries()) expect(largest(value, expected[i]!)).toBeLessThan(1e-5);
      compiled.dispose();
    },
  );
}

it('addBias adds along the last axis of any rank', () => {
  const bias = tf.tensor1d([1, -2]);
  for (const x of [tf.ones([3, 2]), tf.ones([2, 2, 3, 2])])
    expect(largest(addBias(x, bias), tf.add(x, bias))).toBe(0);
});
