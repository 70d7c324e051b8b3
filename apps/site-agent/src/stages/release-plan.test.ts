import type { Sampler } from '@synspine/gan';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { createReleaseSampler, keptCandidates, packCandidates, planRelease } from './release-plan.ts';

const plan = (syntheticCount: number, classes: number) =>
  planRelease({ ...DEFAULT_RUN_OPTIONS, syntheticCount }, classes);

describe('planRelease', () => {
  it.each([
    [2_000, [1_000, 1_000]],
    [7, [4, 3]],
    [2, [1, 1]],
    [10, [2, 2, 1, 1, 1, 1, 1, 1]],
  ])('shares %i images evenly', (syntheticCount, imagesPerClass) => {
    expect(plan(syntheticCount, imagesPerClass.length).imagesPerClass).toEqual(imagesPerClass);
  });

  it('has room for three rejected candidates beside each kept one', () => {
    expect([plan(2_000, 2).stride, plan(7, 2).stride]).toEqual([4_032, 64]);
  });
});

describe('packCandidates', () => {
  it('keeps who was rejected, also beyond whole bytes', () => {
    const keep = Uint8Array.from({ length: 21 }, (_, k) => Number(k % 3 !== 0 && k !== 20));
    const packed = packCandidates(keep);
    expect(packed.drawn).toBe(21);
    expect(keptCandidates(packed)).toEqual([1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19]);
  });

  it('takes a bit a candidate', () => {
    expect(packCandidates(new Uint8Array(8_000)).rejected.length).toBeLessThan(1_400);
  });
});

describe('createReleaseSampler', () => {
  /** Draws images of one pixel that say their index and label. */
  const sampler: Sampler = {
    classCount: 2,
    sample: ({ labels, firstIndex = 0 }) =>
      Uint8Array.from(labels, (label, i) => (firstIndex + i) * 2 + label),
    dispose: () => undefined,
  };
  const small = { seed: 1, psi: 1, imagesPerClass: [3, 2], total: 5, stride: 64 };
  const release = createReleaseSampler(sampler, small, [
    packCandidates(Uint8Array.of(1, 0, 1, 1)),
    packCandidates(Uint8Array.of(0, 1, 1)),
  ]);

  it('draws the kept candidates of each class, and names the index that makes each', () => {
    const images = [...release.images()];
    expect(images.map(({ label, index }) => [label, index])).toEqual([
      [0, 0],
      [0, 2],
      [0, 3],
      [1, 65],
      [1, 66],
    ]);
    const regenerated = images.map(({ label, index }) =>
      sampler.sample({ labels: Uint8Array.of(label), seed: 1, psi: 1, firstIndex: index }),
    );
    expect(images.map(({ gray }) => gray)).toEqual(regenerated);
  });

  it('draws the same first images for evaluation and audit as for the shards', () => {
    const ofOne = [...release.images()].filter(({ label }) => label === 1).flatMap(({ gray }) => [...gray]);
    expect([...release.ofClass(1, 1)]).toEqual(ofOne.slice(0, 1));
    expect([...release.ofClass(1, 99)]).toEqual(ofOne);
    expect(release.ofClass(0, 0)).toHaveLength(0);
  });
});
