import { describe, expect, it } from 'vitest';
import { type Candidate, copyShareLimit, selectSnapshot, shortlist } from './select-snapshot.ts';

const LIMIT = 0.6;

function candidate(imagesShown: number, pixels: number, features: number, kidValidation: number): Candidate {
  return { imagesShown, copySharePixels: pixels, copyShareFeatures: features, kidValidation };
}

describe('selectSnapshot', () => {
  it('takes the best validation KID among those whose copy signals are both fine', () => {
    const candidates = [
      candidate(1, 0.5, 0.5, 0.09),
      candidate(2, 0.52, LIMIT, 0.05),
      candidate(3, 0.52, LIMIT + 0.001, 0.02),
      candidate(4, LIMIT + 0.001, 0.5, 0.01),
    ];
    expect(selectSnapshot(candidates, LIMIT).imagesShown).toBe(2);
  });

  it('takes the one that copies least when all copy, whatever its KID', () => {
    const candidates = [candidate(1, 0.7, 0.68, 0.09), candidate(2, 0.66, 0.8, 0.01)];
    expect(selectSnapshot(candidates, LIMIT).imagesShown).toBe(1);
  });
});

describe('shortlist', () => {
  const of = (shares: readonly number[]) =>
    shares.map((copySharePixels, i) => ({ imagesShown: i + 1, copySharePixels }));
  const images = (snapshots: readonly { imagesShown: number }[]) =>
    snapshots.map(({ imagesShown }) => imagesShown);

  it('spreads evenly over the later snapshots that are fine in pixels', () => {
    const shares = Array.from({ length: 12 }, (_, i) => (i < 10 ? LIMIT : 0.7));
    expect(images(shortlist(of(shares), 3, LIMIT))).toEqual([7, 8, 10]);
  });

  it('never offers a snapshot of the first half', () => {
    expect(images(shortlist(of([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), 6, LIMIT))).toEqual([3, 4, 5, 6]);
  });

  it('keeps those that copy least when none is fine, but never an early one', () => {
    expect(images(shortlist(of([0.1, 0.7, 0.66, 0.65, 0.68, 0.69]), 2, LIMIT))).toEqual([4, 3]);
  });
});

it('copyShareLimit comes down to the audit’s bound as patients and images grow', () => {
  expect(copyShareLimit(50, 50)).toBeCloseTo(0.6, 12);
  expect(copyShareLimit(50, 1e9)).toBeCloseTo(0.5854, 4);
  expect(copyShareLimit(20_000, 20_000)).toBeCloseTo(0.5525, 12);
});
