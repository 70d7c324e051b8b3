import { describe, expect, it } from 'vitest';
import { type Candidate, COPY_SHARE_MAX, selectSnapshot, shortlist } from './select-snapshot.ts';

function candidate(imagesShown: number, pixels: number, features: number, kidValidation: number): Candidate {
  return { imagesShown, copySharePixels: pixels, copyShareFeatures: features, kidValidation };
}

describe('selectSnapshot', () => {
  it('takes the best validation KID among those whose copy signals are both fine', () => {
    const chosen = selectSnapshot([
      candidate(1, 0.5, 0.5, 0.09),
      candidate(2, 0.52, COPY_SHARE_MAX, 0.05),
      candidate(3, 0.52, COPY_SHARE_MAX + 0.001, 0.02),
      candidate(4, COPY_SHARE_MAX + 0.001, 0.5, 0.01),
    ]);
    expect(chosen.imagesShown).toBe(2);
  });

  it('takes the one that copies least when all copy, whatever its KID', () => {
    const chosen = selectSnapshot([candidate(1, 0.6, 0.58, 0.09), candidate(2, 0.57, 0.7, 0.01)]);
    expect(chosen.imagesShown).toBe(1);
  });
});

describe('shortlist', () => {
  it('spreads evenly over the snapshots that are fine in pixels, the last one included', () => {
    const all = Array.from({ length: 12 }, (_, i) => ({
      imagesShown: i,
      copySharePixels: i < 8 ? 0.5 : 0.6,
    }));
    expect(shortlist(all, 4).map(({ imagesShown }) => imagesShown)).toEqual([1, 3, 5, 7]);
  });

  it('keeps those that copy least when none is fine', () => {
    const all = [0.7, 0.6, 0.65].map((copySharePixels, imagesShown) => ({ imagesShown, copySharePixels }));
    expect(shortlist(all, 2).map(({ imagesShown }) => imagesShown)).toEqual([1, 2]);
  });
});
