import { describe, expect, it } from 'vitest';
import { tridiagonalEigenvalues } from './tridiagonal-eigenvalues.ts';

describe('eigenvalues of a tridiagonal matrix', () => {
  it('are 2 − 2·cos(kπ/(n+1)) for the second difference', () => {
    const n = 50;
    const values = tridiagonalEigenvalues(new Float64Array(n).fill(2), new Float64Array(n).fill(-1)).sort();
    values.forEach((value, index) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((index + 1) * Math.PI) / (n + 1)), 12);
    });
  });

  it('are the diagonal when nothing is beside it, and found within blocks that a zero separates', () => {
    expect([...tridiagonalEigenvalues(Float64Array.of(3, 1, 2), new Float64Array(3))]).toEqual([3, 1, 2]);
    const blocks = tridiagonalEigenvalues(Float64Array.of(0, 0, 5), Float64Array.of(2, 0, 0)).sort();
    expect(blocks[0]).toBeCloseTo(-2, 12);
    expect(blocks[1]).toBeCloseTo(2, 12);
    expect(blocks[2]).toBe(5);
  });
});
