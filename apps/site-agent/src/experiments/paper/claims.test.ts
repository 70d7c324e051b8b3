import { expect, test } from 'vitest';
import type { AucRow } from './auc-rows.ts';
import { describeClaims, wordDifference } from './claims.ts';
import type { PaperResults } from './results.ts';

const word = (ciLow: number, ciHigh: number) =>
  wordDifference({ value: (ciLow + ciHigh) / 2, ciLow, ciHigh });

test('better and worse take an interval without 0', () => {
  expect(word(0.001, 0.1)).toBe('is better than');
  expect(word(-0.1, -0.001)).toBe('is worse than');
  expect(word(-0.049, -0.001)).toContain('by less than the margin');
});

test('as good as takes an interval that lies above the margin; no difference alone is not enough', () => {
  expect(word(-0.049, 0.2)).toContain('as good as');
  expect(word(-0.051, 0.2)).toContain('may be worse');
});

test('one seed allows no claim, whatever its interval says', () => {
  const better = { value: 0.1, ciLow: 0.05, ciHigh: 0.15 };
  const row = { method: 'spinegan', test: 'a', testedOn: 'a', lessReal: better, lessGan: better } as AucRow;
  const claimsOf = (generatorSeeds: number, classifierSeeds: number) =>
    describeClaims({
      auc: [row],
      curve: [],
      options: { generatorSeeds, classifierSeeds },
    } as unknown as PaperResults);
  for (const claim of [...claimsOf(1, 3), ...claimsOf(3, 1)]) expect(claim).not.toContain('is better than');
  for (const claim of claimsOf(3, 2)) expect(claim).toContain('is better than');
});
