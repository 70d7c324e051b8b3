import { initCompute } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCurves } from './curves.fixture.ts';
import { agreesWithLabel } from './label-agreement.ts';
import { predict } from './predict.ts';
import { trainClassifier } from './train-classifier.ts';

beforeAll(() => void initCompute());

describe('agreement with a label', () => {
  it('is the judge’s probability of that label at or above the threshold', async () => {
    const data = { training: drawCurves(80, 16, 1), validation: drawCurves(40, 16, 2) };
    const { parameters } = await trainClassifier({ ...data, size: 16, classes: 2, seed: 1, steps: 100 });
    const { images, labels } = drawCurves(100, 16, 3);
    const share = (keep: Uint8Array) => keep.reduce((sum, k) => sum + k, 0) / keep.length;
    const [right, wrong] = [labels, labels.map((label) => 1 - label)].map((of) =>
      agreesWithLabel(parameters, images, of),
    );
    expect(share(right!)).toBeGreaterThan(0.8);
    expect(share(wrong!)).toBeCloseTo(1 - share(right!), 6); // two classes: at .5 exactly one of them agrees
    const first = predict(parameters, images)[labels[0]!]!;
    expect(agreesWithLabel(parameters, images, labels, first)[0]).toBe(1);
    expect(agreesWithLabel(parameters, images, labels, first + 1e-6)[0]).toBe(0);
    expect(() => agreesWithLabel(parameters, images, labels.slice(1))).toThrow(/SHAPE_MISMATCH/);
  });
});
