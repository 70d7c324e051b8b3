import { initCompute, liveTensors } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCurves } from './curves.fixture.ts';
import { predict } from './predict.ts';
import { loadPretrained } from './pretrained.ts';
import { RECIPES } from './recipe.ts';
import { trainClassifier } from './train-classifier.ts';
import { meanAuc } from './validation.ts';
import { decodeClassifier, encodeClassifier } from './weights-file.ts';

beforeAll(() => void initCompute());

const films = {
  training: drawCurves(64, 32, 1),
  validation: drawCurves(24, 32, 2),
  size: 32,
  classes: 2,
  seed: 1,
};

describe('large networks', () => {
  it('EfficientNet-Lite0 learns from a few batches what photographs have prepared it for', async () => {
    const before = liveTensors();
    const recipe = { ...RECIPES.paper, batchSize: 8, steps: 16, checks: 1 };
    const architecture = 'efficientnet-lite0';
    const trained = await trainClassifier({
      ...films,
      architecture,
      recipe,
      pretrained: loadPretrained(architecture),
    });
    expect(liveTensors()).toBe(before);
    const test = drawCurves(40, 32, 3);
    const probabilities = predict(trained.parameters, test.images);
    expect(meanAuc(probabilities, test.labels, 2)).toBeGreaterThan(0.8);
    const description = { architecture, imageSize: 32, classes: 2, seeds: 1 };
    const read = decodeClassifier(encodeClassifier(trained.parameters), description);
    expect(predict(read, test.images)).toEqual(probabilities);
    // With stored statistics an image is judged alone as in a batch.
    expect(predict(read, test.images.subarray(0, 1024))[0]).toBeCloseTo(probabilities[0]!, 4);
  }, 180_000);

  it('DenseNet-121 takes steps from scratch and leaves finite weights with every name', async () => {
    const recipe = { ...RECIPES.paper, batchSize: 4, steps: 2, checks: 1 };
    const [training, validation] = [drawCurves(8, 32, 1), drawCurves(4, 32, 2)];
    const options = { ...films, training, validation, architecture: 'densenet-121' as const, recipe };
    const { parameters } = await trainClassifier(options);
    expect(encodeClassifier(parameters).length).toBeGreaterThan(4 * 6_900_000);
    for (const values of Object.values(parameters.weights)) expect(values.every(Number.isFinite)).toBe(true);
    expect(parameters.weights['norm0.variance']!.every((v) => v > 0 && v !== 1)).toBe(true);
  }, 180_000);

  it('has no photographs’ weights for networks that none were published for', () => {
    expect(() => loadPretrained('small-cnn')).toThrow(/NO_PRETRAINED/);
    expect(() => loadPretrained('densenet-121')).toThrow(/NO_PRETRAINED/);
    expect(() => loadPretrained('densenet-121', '/nowhere/hospital.safetensors')).toThrow(/NO_PRETRAINED/);
    expect(() => loadPretrained('densenet-121', '/nowhere/hospital.safetensors')).not.toThrow(/hospital/);
  });
});
