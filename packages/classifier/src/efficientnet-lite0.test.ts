import { readFileSync } from 'node:fs';
import { initCompute, tf } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { isStatistic } from './batch-norm.ts';
import { efficientnetLite0 } from './efficientnet-lite0.ts';
import { formulaImages } from './formula.fixture.ts';
import { loadPretrained } from './pretrained.ts';

beforeAll(() => void initCompute());

// The publisher's network with the published weights, by reference/efficientnet.py
const reference = JSON.parse(
  readFileSync(new URL('../reference/efficientnet-lite0.json', import.meta.url), 'utf8'),
) as { logits: number[][]; gradientIntoImages: number[] };

describe('EfficientNet-Lite0', () => {
  it('has the published number of parameters', () => {
    const trained = Object.entries(efficientnetLite0.shapes(224, 1000)).filter(
      ([name]) => !isStatistic(name),
    );
    expect(trained.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(4_652_008);
  });

  it('with the fetched weights answers what its publisher’s network answers, for all 1,000 classes, and its gradient into the images', () => {
    const { weights } = loadPretrained('efficientnet-lite0');
    const shapes = Object.entries(efficientnetLite0.shapes(64, 1000));
    const parameters = Object.fromEntries(
      shapes.map(([name, shape]) => [name, tf.tensor(weights[name]!, shape)]),
    );
    const images = formulaImages(2, 64);
    const logits = efficientnetLite0.logits(parameters, images).dataSync();
    reference.logits.flat().forEach((value, i) => {
      expect(Math.abs(logits[i]! - value)).toBeLessThan(1e-4);
    });
    const loss = (x: tf.Tensor) => tf.mean(tf.square(efficientnetLite0.logits(parameters, x as tf.Tensor4D)));
    const slope = tf.grad(loss)(images).dataSync();
    const off = reference.gradientIntoImages.map((expected, i) => slope[i * 97]! - expected);
    expect(Math.hypot(...off) / Math.hypot(...reference.gradientIntoImages)).toBeLessThan(0.01);
    tf.dispose([parameters, images]);
  });
});
