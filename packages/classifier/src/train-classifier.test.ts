import { initCompute, liveTensors } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCurves } from './curves.fixture.ts';
import { predict } from './predict.ts';
import { DEFAULT_RECIPE } from './recipe.ts';
import { type TrainOptions, trainClassifier } from './train-classifier.ts';
import { meanAuc } from './validation.ts';
import { encodeClassifier } from './weights-file.ts';

beforeAll(() => void initCompute());

const options = (): TrainOptions => ({
  training: drawCurves(120, 16, 1),
  validation: drawCurves(60, 16, 2),
  size: 16,
  classes: 2,
  seed: 1,
  steps: 150,
});

describe('training', () => {
  it('learns to tell bent columns from straight ones, and says so with calibrated probabilities', async () => {
    const seen: number[] = [];
    const trained = await trainClassifier({ ...options(), onProgress: ({ step }) => seen.push(step) });
    const test = drawCurves(200, 16, 3);
    const probabilities = predict(trained.parameters, test.images);
    expect(trained.validationAuc).toBeGreaterThan(0.95);
    expect(meanAuc(probabilities, test.labels, 2)).toBeGreaterThan(0.95);
    const right = test.labels.filter((label, i) => probabilities[i * 2 + label]! > 0.5).length;
    expect(right / 200).toBeGreaterThan(0.85);
    expect(trained.temperature).toBeGreaterThan(0.25);
    expect(seen.at(-1)).toBe(150);
  });

  it('learns nothing from labels that mean nothing', async () => {
    const shuffled = {
      ...drawCurves(120, 16, 1),
      labels: Array.from({ length: 120 }, (_, i) => (i >> 1) % 2),
    };
    const trained = await trainClassifier({ ...options(), training: shuffled });
    const test = drawCurves(200, 16, 3);
    const auc = meanAuc(predict(trained.parameters, test.images), test.labels, 2);
    expect(Math.abs(auc - 0.5)).toBeLessThan(0.35);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const short = { ...options(), steps: 20 };
    const [a, b, c] = [
      await trainClassifier(short),
      await trainClassifier(short),
      await trainClassifier({ ...short, seed: 2 }),
    ];
    const bytes = [a, b, c].map(({ parameters }) => Buffer.from(encodeClassifier(parameters)));
    expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
    expect(bytes[0]!.equals(bytes[2]!)).toBe(false);
  });

  it('leaves no tensor behind, whether it ends or is cancelled', async () => {
    const before = liveTensors();
    await trainClassifier({ ...options(), steps: 10 });
    const controller = new AbortController();
    const cancelled = trainClassifier({
      ...options(),
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
    expect(liveTensors()).toBe(before);
  });

  it('learns three classes', async () => {
    const third = (data: ReturnType<typeof drawCurves>) => {
      const labels = data.labels.map((label, i) => (i % 3 === 2 ? 2 : label));
      const images = data.images.slice();
      labels.forEach((label, i) => {
        if (label === 2) images.fill(128, i * 256, i * 256 + 128); // the upper half is missing
      });
      return { images, labels };
    };
    const trained = await trainClassifier({
      ...options(),
      classes: 3,
      training: third(drawCurves(120, 16, 1)),
      validation: third(drawCurves(60, 16, 2)),
    });
    expect(trained.validationAuc).toBeGreaterThan(0.9);
    expect(predict(trained.parameters, drawCurves(2, 16, 9).images)).toHaveLength(6);
  });

  it('learns eight classes of which validation lacks one', async () => {
    // Eight places of a bright square.
    const draw = (count: number, seed: number, classes: number) => {
      const labels = Array.from({ length: count }, (_, i) => i % classes);
      const images = drawCurves(count, 16, seed).images.map((v) => v / 2);
      labels.forEach((label, i) => {
        for (let k = 0; k < 16; k++)
          images[i * 256 + ((label >> 2) * 8 + 2 + (k >> 2)) * 16 + (label % 4) * 4 + (k % 4)] = 255;
      });
      return { images, labels };
    };
    const trained = await trainClassifier({
      ...options(),
      classes: 8,
      training: draw(160, 1, 8),
      validation: draw(56, 2, 7),
    });
    expect(trained.validationAuc).toBeGreaterThan(0.95);
    const test = draw(80, 3, 8);
    const probabilities = predict(trained.parameters, test.images);
    const right = test.labels.filter((label, i) => {
      const row = probabilities.subarray(i * 8, i * 8 + 8);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(right.length).toBeGreaterThan(72);
    expect(right.filter((label) => label === 7).length).toBeGreaterThan(7); // of 10
  });

  it('refuses images and labels that do not fit, and too few of a class', async () => {
    const { images, labels } = drawCurves(8, 16, 1);
    const withTraining = (training: { images: Uint8Array; labels: number[] }) =>
      trainClassifier({ ...options(), training });
    await expect(withTraining({ images, labels: labels.slice(1) })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
    await expect(withTraining({ images, labels: labels.map(() => 2) })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
    await expect(withTraining({ images, labels: [0, 1, 0, 0, 0, 0, 0, 0] })).rejects.toMatchObject({
      code: 'TOO_FEW_IMAGES',
    });
    const validation = { images, labels: labels.map(() => 1) };
    await expect(trainClassifier({ ...options(), validation })).rejects.toMatchObject({
      code: 'TOO_FEW_IMAGES',
    });
  });

  it('stops with a typed error when it diverges', async () => {
    const recipe = { ...DEFAULT_RECIPE, learningRate: Number.NaN };
    await expect(trainClassifier({ ...options(), recipe, steps: 12 })).rejects.toMatchObject({
      code: 'NOT_FINITE',
    });
  });
});
