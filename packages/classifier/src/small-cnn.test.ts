import { initCompute, tf } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { initParameters } from './architecture.ts';
import { drawCurves } from './curves.fixture.ts';
import { createJudge } from './judge.ts';
import { predict, toImages } from './predict.ts';
import { smallCnn } from './small-cnn.ts';

beforeAll(() => void initCompute());

const parameters = () => {
  const fresh = initParameters('small-cnn', 32, 2, 5);
  // An untrained head is almost 0; a larger one makes differences visible.
  const head = fresh.weights['head.weight']!.map((w) => w * 20);
  return { ...fresh, weights: { ...fresh.weights, 'head.weight': head } };
};

describe('the small CNN', () => {
  it.each([16, 32, 64, 128, 256])('answers one row of logits an image at %i px', (size) => {
    const judge = createJudge(initParameters('small-cnn', size, 3, 1));
    const logits = tf.tidy(() =>
      judge.logits(judge.parameters, toImages(drawCurves(2, size, 1).images, size)),
    );
    expect(logits.shape).toEqual([2, 3]);
    tf.dispose([logits, judge.parameters]);
  });

  it('has 50,000 to 100,000 parameters at 32 and 64 px', () => {
    for (const size of [32, 64]) {
      const shapes = Object.values(smallCnn.shapes(size, 2));
      const count = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
      expect(count).toBeGreaterThan(50_000);
      expect(count).toBeLessThan(100_000);
    }
  });

  it('refuses a size that does not halve down to its last block', () => {
    for (const size of [8, 31, 33, 48, 512])
      expect(() => smallCnn.shapes(size, 2)).toThrow(/SIZE_UNSUPPORTED/);
  });

  it('does not see exposure or contrast, nor the other images of its batch', () => {
    const { images } = drawCurves(4, 32, 2);
    const dimmed = images.map((v) => 40 + Math.round(v / 2));
    const [bright, dim] = [predict(parameters(), images), predict(parameters(), dimmed)];
    bright.forEach((p, i) => {
      expect(dim[i]).toBeCloseTo(p, 1); // rounding to 8 bits costs a little
    });
    const alone = predict(parameters(), images.subarray(0, 1024));
    expect(alone[0]).toBeCloseTo(bright[0]!, 5);
  });

  it('gives gradients into the images that agree with finite differences', () => {
    const judge = createJudge(parameters());
    const x = toImages(drawCurves(1, 32, 3).images, 32);
    const loss = (image: tf.Tensor) =>
      tf.mean(tf.square(judge.logits(judge.parameters, image as tf.Tensor4D))) as tf.Scalar;
    const slopes = Array.from({ length: 20 }, (_, k) =>
      tf.tidy(() => {
        const wave = Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i * (0.1 + 0.07 * k)));
        const direction = tf.tensor4d(wave, [1, 32, 32, 1]);
        const along = (step: number) => loss(tf.add(x, tf.mul(direction, step))).dataSync()[0]!;
        const slope = tf.sum(tf.mul(tf.grad(loss)(x), direction)).dataSync()[0]!;
        return [slope, (along(1e-3) - along(-1e-3)) / 2e-3] as const;
      }),
    );
    tf.dispose([x, judge.parameters]);
    // Units that cross leaky ReLU's kink disturb a single difference by several per cent, in either direction.
    const dot = (p: 0 | 1, q: 0 | 1) => slopes.reduce((sum, s) => sum + s[p] * s[q], 0);
    expect(dot(0, 1) / Math.sqrt(dot(0, 0) * dot(1, 1))).toBeGreaterThan(0.99);
    expect(dot(0, 1) / dot(1, 1)).toBeCloseTo(1, 1);
  });
});

describe('the judge', () => {
  it('sees a generator’s images in [−1, 1] exactly as it saw its 8-bit training images', () => {
    const { images } = drawCurves(6, 32, 4);
    const judge = createJudge(parameters());
    const generated = tf.tidy(() =>
      tf.softmax(
        judge.logits(judge.parameters, tf.sub(tf.div(tf.tensor4d(images, [6, 32, 32, 1]), 127.5), 1)),
      ),
    );
    const trained = predict(parameters(), images);
    generated.dataSync().forEach((p, i) => {
      expect(p).toBeCloseTo(trained[i]!, 5);
    });
    tf.dispose([generated, judge.parameters]);
  });
});
