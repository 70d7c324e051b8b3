import { describe, expect, it } from 'vitest';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { labelAt, planRelease } from './release-plan.ts';

describe('planRelease', () => {
  it.each([
    [2_000, [1_000, 1_000]],
    [7, [4, 3]],
    [2, [1, 1]],
    [10, [2, 2, 1, 1, 1, 1, 1, 1]],
  ])('shares %i images evenly', (syntheticCount, imagesPerClass) => {
    expect(
      planRelease({ ...DEFAULT_RUN_OPTIONS, syntheticCount }, imagesPerClass.length).imagesPerClass,
    ).toEqual(imagesPerClass);
  });

  it('numbers the images class after class', () => {
    const plan = planRelease({ ...DEFAULT_RUN_OPTIONS, syntheticCount: 7 }, 2);
    expect(Array.from({ length: 7 }, (_, index) => labelAt(plan, index))).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });
});
