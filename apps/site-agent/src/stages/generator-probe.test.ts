import { describe, expect, it } from 'vitest';
import { assertSameProbe } from './generator-probe.ts';

const probe = Uint8Array.from({ length: 16 * 64 }, (_, i) => (i * 37) % 250);
const shifted = (by: number) => probe.map((value) => value + by);

describe('assertSameProbe', () => {
  it('takes a level of rounding for the same images, and more for another network', () => {
    expect(() => assertSameProbe(shifted(1), probe)).not.toThrow();
    expect(() => assertSameProbe(shifted(2), probe)).toThrow(/GENERATOR_CHANGED/);
  });

  it('refuses a probe of another size', () => {
    expect(() => assertSameProbe(probe.subarray(64), probe)).toThrow(/GENERATOR_CHANGED/);
    expect(() => assertSameProbe(probe, probe.subarray(64))).toThrow(/GENERATOR_CHANGED/);
  });
});
