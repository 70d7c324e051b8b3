import { describe, expect, it } from 'vitest';
import { rateAtMost, thresholdRank } from './rate-bound.ts';

describe('the upper bound of a rate at 1 % false positives', () => {
  // Of the same integral by SciPy 1.17: beta.pdf, binom.cdf, quad and brentq.
  it.each([
    [20, 240, 100, 5, 0.102794],
    [38, 1_440, 600, 13, 0.02984],
    [66, 2_400, 1_000, 19, 0.029717],
    [300, 2_400, 1_000, 19, 0.133619],
  ])('is, for %d of %d members and %d others, what SciPy finds', (named, members, others, rank, bound) => {
    expect(thresholdRank(others)).toBe(rank);
    expect(rateAtMost(named, { members, others })).toBeCloseTo(bound, 4);
  });

  it('rises with each member that is named, from chance to 1', () => {
    const bounds = [0, 5, 10, 20, 60, 200, 239, 240].map((named) =>
      rateAtMost(named, { members: 240, others: 100 }),
    );
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect([bounds[0], bounds.at(-1)]).toEqual([0.01, 1]);
  });

  it('is 1 where there are too few others for a threshold', () => {
    expect(rateAtMost(0, { members: 10, others: 1 })).toBe(1);
  });
});
