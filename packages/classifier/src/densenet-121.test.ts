import { readFileSync } from 'node:fs';
import { initCompute, tf } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { isStatistic } from './batch-norm.ts';
import { densenet121 } from './densenet-121.ts';
import { fillState, formulaImages, uniform } from './formula.fixture.ts';
import { toImagenetInput } from './imagenet-input.ts';
import { fromTorchvision } from './pretrained.ts';
import { torchName, torchShape } from './torchvision-layout.ts';

beforeAll(() => void initCompute());

// torchvision 0.29.2 with weights by formula, by reference/densenet.py
const reference = JSON.parse(
  readFileSync(new URL('../reference/densenet-121.json', import.meta.url), 'utf8'),
) as {
  logits: number[][];
  gradientIntoImages: number[];
  trainingLogits: number[][];
  loss: number;
  gradients: Record<string, number>;
  gradientNorms: Record<string, number>;
  mean: number[];
  lastMean: number[];
  shrunk: number[];
};

const shapes = densenet121.shapes(64, 5);
const load = () => {
  const weights = fromTorchvision(fillState(shapes), Object.entries(shapes));
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, tf.tensor(weights[name]!, shape)]),
  );
};
const expectClose = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number) => {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance * scale);
  });
};

describe('DenseNet-121', () => {
  it('has the paper’s number of parameters', () => {
    const trained = Object.entries(densenet121.shapes(224, 1000)).filter(([name]) => !isStatistic(name));
    expect(trained.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(7_978_856);
  });

  it('resizes as PyTorch does with antialiasing', () => {
    const shrunk = tf.tidy(() =>
      toImagenetInput(formulaImages(1, 256), { mean: [0, 0, 0], deviation: [1, 1, 1] })
        .slice([0, 0, 0, 0], [1, 224, 224, 1])
        .dataSync(),
    );
    const every997th = reference.shrunk.map((_, i) => shrunk[i * 997]!);
    expectClose(every997th, reference.shrunk, 1e-5);
  });

  it('judges as torchvision’s does, with the same gradient into the images', () => {
    const parameters = load();
    const images = formulaImages(2, 64);
    const loss = (x: tf.Tensor) => tf.sum(tf.square(densenet121.logits(parameters, x as tf.Tensor4D)));
    expectClose(densenet121.logits(parameters, images).dataSync(), reference.logits.flat(), 1e-5);
    const slope = tf.grad(loss)(images).dataSync();
    // A unit within rounding of its kink is on in one of the two and off in the other, which a few pixels notice.
    const off = reference.gradientIntoImages.map((expected, i) => slope[i * 97]! - expected);
    expect(Math.hypot(...off) / Math.hypot(...reference.gradientIntoImages)).toBeLessThan(0.01);
    tf.dispose([parameters, images]);
  });

  it('trains as torchvision’s does: logits, loss, and the gradient of layers far apart', () => {
    const all = load();
    const parameters = Object.fromEntries(Object.entries(all).filter(([name]) => !isStatistic(name)));
    const names = Object.keys(parameters);
    const images = formulaImages(2, 64);
    const targets = tf.oneHot([1, 3], 5).toFloat();
    const logits = densenet121.trainingLogits!(parameters, images);
    expectClose(logits.dataSync(), reference.trainingLogits.flat(), 1e-3);
    const loss = (...values: tf.Tensor[]) => {
      const named = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      const raw = densenet121.trainingLogits!(named, images);
      return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(raw)), 1))) as tf.Scalar;
    };
    const { value, grads } = tf.valueAndGrads(loss)(Object.values(parameters));
    expect(value.dataSync()[0]).toBeCloseTo(reference.loss, 3);
    for (const [torch, expected] of Object.entries(reference.gradients)) {
      const at = names.findIndex((name) => torchName(name) === torch);
      const gradient = toTorchOrder(grads[at]!);
      const weights = uniform(gradient.length, 1);
      const probe = gradient.reduce((sum, g, i) => sum + g * (weights[i]! - 0.5), 0);
      const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      // Two images leave batch norms of the last block ill-conditioned; a wrong layer differs by the whole norm.
      expect(Math.abs(norm / reference.gradientNorms[torch]! - 1)).toBeLessThan(0.01);
      expect(Math.abs(probe - expected)).toBeLessThan(0.01 * reference.gradientNorms[torch]!);
    }
    tf.dispose([all, images]);
  });

  it('measures the statistics that training normalises by', () => {
    const parameters = load();
    const measured = densenet121.statistics!(parameters, formulaImages(2, 64));
    expect(Object.keys(measured).sort()).toEqual(Object.keys(shapes).filter(isStatistic).sort());
    expectClose(measured['norm0.mean']!.dataSync().slice(0, 8), reference.mean, 1e-4);
    expectClose(measured['norm5.mean']!.dataSync().slice(0, 8), reference.lastMean, 1e-3);
    tf.dispose([parameters, measured]);
  });

  it('takes films of 16 to 1024 px', () => {
    for (const size of [15, 1025, 64.5])
      expect(() => densenet121.shapes(size, 2)).toThrow(/SIZE_UNSUPPORTED/);
  });
});

function toTorchOrder(tensor: tf.Tensor): Float64Array {
  const { shape } = tensor;
  const turned = shape.length === 4 ? tf.transpose(tensor, [3, 2, 0, 1]) : tf.transpose(tensor);
  expect(turned.shape).toEqual(torchShape(shape));
  return Float64Array.from(turned.dataSync());
}
