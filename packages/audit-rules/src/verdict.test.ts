import { describe, expect, it } from 'vitest';
import { patientsBySquareRoot, verdictOf } from './verdict.ts';

const estimate = (statistic: number, ciLow: number, ciHigh: number) => ({ statistic, ciLow, ciHigh });

describe('a verdict', () => {
  it('passes up to the limit, fails beyond it, and is undecided across it', () => {
    expect(verdictOf(estimate(0.5, 0.4, 0.55), 0.55, 'atMost')).toBe('pass');
    expect(verdictOf(estimate(0.5, 0.4, 0.5501), 0.55, 'atMost')).toBe('undecided');
    expect(verdictOf(estimate(0.6, 0.55, 0.7), 0.55, 'atMost')).toBe('undecided');
    expect(verdictOf(estimate(0.6, 0.5501, 0.7), 0.55, 'atMost')).toBe('fail');
  });

  it('holds the other way round for what must be reached', () => {
    expect(verdictOf(estimate(0.97, 0.95, 1), 0.95, 'atLeast')).toBe('pass');
    expect(verdictOf(estimate(0.97, 0.949, 1), 0.95, 'atLeast')).toBe('undecided');
    expect(verdictOf(estimate(0.9, 0.8, 0.949), 0.95, 'atLeast')).toBe('fail');
  });

  it('fails on NaN in either bound, both ways', () => {
    for (const direction of ['atMost', 'atLeast'] as const) {
      expect(verdictOf(estimate(0, Number.NaN, Number.NaN), 0.5, direction)).toBe('fail');
      expect(verdictOf(estimate(0, 0, Number.NaN), 0.5, direction)).not.toBe('pass');
      expect(verdictOf(estimate(0, Number.NaN, 0), 0.5, direction)).not.toBe(undefined);
    }
  });
});

describe('the patients needed', () => {
  it('are four times as many for half the width', () => {
    expect(patientsBySquareRoot(estimate(0.5, 0.4, 0.6), 0.55, 100)).toBeCloseTo(400, -1);
    expect(patientsBySquareRoot(estimate(0.6, 0.5, 0.7), 0.55, 100)).toBeCloseTo(400, -1);
  });

  it('are a million at most, also when the statistic is at the limit', () => {
    expect(patientsBySquareRoot(estimate(0.55, 0.4, 0.6), 0.55, 100)).toBe(1_000_000);
    expect(patientsBySquareRoot(estimate(0.5499999, 0.4, 0.6), 0.55, 100)).toBe(1_000_000);
  });
});
