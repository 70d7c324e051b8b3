import { describe, expect, it } from 'vitest';
import { invertDct, scaleOf } from './inverse-dct.ts';

/** ISO 10918-1 A.3.3, as it stands there. */
function byDefinition(coefficients: number[]): number[] {
  const c = (u: number) => (u === 0 ? Math.SQRT1_2 : 1);
  const cosine = (x: number, u: number) => Math.cos(((2 * x + 1) * u * Math.PI) / 16);
  return coefficients.map((_, i) => {
    const [y, x] = [i >> 3, i & 7];
    const term = (value: number, j: number) =>
      c(j & 7) * c(j >> 3) * value * cosine(x, j & 7) * cosine(y, j >> 3);
    return coefficients.reduce((sum, value, j) => sum + term(value, j), 0) / 4;
  });
}

function transform(coefficients: number[], bits: number): Uint16Array {
  const samples = new Uint16Array(64);
  invertDct(
    Float64Array.from(coefficients, (value, i) => value * scaleOf(i)),
    bits,
    samples,
  );
  return samples;
}

describe('the inverse transform', () => {
  it('is that of the standard for each coefficient alone and for all together', () => {
    const alone = Array.from({ length: 64 }, (_, at) =>
      Array.from({ length: 64 }, (_, i) => (i === at ? 1701 : 0)),
    );
    const mixed = Array.from({ length: 64 }, (_, i) => ((i * 7919) % 613) - 300);
    for (const coefficients of [...alone, mixed]) {
      const errors = byDefinition(coefficients).map((value, i) =>
        Math.abs(Math.min(Math.max(value + 2048, 0), 4095) - transform(coefficients, 12)[i]!),
      );
      expect(Math.max(...errors)).toBeLessThanOrEqual(0.5 + 1e-9); // the last rounding
    }
  });

  it('ends at black and white', () => {
    const flat = (dc: number) => transform([dc, ...new Array<number>(63).fill(0)], 12);
    expect([...new Set(flat(40_000))]).toEqual([4095]);
    expect([...new Set(flat(-40_000))]).toEqual([0]);
    expect([...new Set(flat(8))]).toEqual([2049]);
  });
});
