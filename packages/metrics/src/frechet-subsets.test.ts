import { describe, expect, it } from 'vitest';
import { subsetFrechet } from './frechet-subsets.ts';
import { frechetDistance, selectRows } from './index.ts';
import { referenceSet } from './reference-sets.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

describe('the Fréchet distance of row subsets', () => {
  it.each([
    ['wider than long', 40, 50, 300],
    ['longer than wide', 90, 70, 20],
    ['longer on one side', 30, 80, 50],
  ])('is that of the sets cut down by hand: %s', (_, realCount, fakeCount, columns) => {
    const real = referenceSet(1, realCount, columns, 3); // far from 0, and the two from each other
    const fake = referenceSet(2, fakeCount, columns, 3.5);
    const score = subsetFrechet(real, fake);
    const allReal = Int32Array.from({ length: realCount }, (_, row) => row);
    const allFake = Int32Array.from({ length: fakeCount }, (_, row) => row);
    const someReal = allReal.filter((row) => row % 7 !== 2);
    const someFake = allFake.filter((row) => row < 5 || row > 8);
    for (const [realRows, fakeRows] of [
      [allReal, allFake],
      [someReal, allFake],
      [allReal, someFake],
    ] as const) {
      const direct = frechetDistance(selectRows(real, realRows), selectRows(fake, fakeRows));
      expect(Math.abs(score(realRows, fakeRows) / direct - 1)).toBeLessThan(1e-7);
    }
  });
});

describe('eigenvalues of a symmetric matrix', () => {
  it('are 1 / 4 sin²((2k − 1)π / (4n + 2)) for min(i, j)', () => {
    const n = 60;
    const a = Float64Array.from({ length: n * n }, (_, at) => Math.min(Math.floor(at / n), at % n) + 1);
    const values = symmetricEigenvalues(a, n).sort().reverse();
    values.forEach((value, index) => {
      expect(value).toBeCloseTo(1 / (4 * Math.sin(((2 * index + 1) * Math.PI) / (4 * n + 2)) ** 2), 9);
    });
  });

  it('are the diagonal of a diagonal matrix, and those of one entry', () => {
    expect([...symmetricEigenvalues(Float64Array.of(2, 0, 0, 0, 0, 0, 0, 0, 5), 3)].sort()).toEqual([
      0, 2, 5,
    ]);
    expect([...symmetricEigenvalues(Float64Array.of(7), 1)]).toEqual([7]);
  });
});
