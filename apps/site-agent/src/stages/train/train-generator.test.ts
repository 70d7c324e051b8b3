import { describe, expect, it } from 'vitest';
import { countWarnings, hasTurned } from './train-generator.ts';

const LIMIT = 0.57;
const snapshots = (shares: readonly number[], firstImages: number) =>
  shares.map((copySharePixels, i) => ({ imagesShown: firstImages + i * 1_000, copySharePixels }));

describe('hasTurned', () => {
  it('ends training after three copying snapshots in a row', () => {
    expect(hasTurned(snapshots([0.5, 0.61, 0.62, 0.63], 20_000), LIMIT)).toBe(true);
    expect(hasTurned(snapshots([0.61, 0.62, 0.6, 0.63], 20_000), LIMIT)).toBe(false);
    expect(hasTurned(snapshots([0.62, 0.63], 20_000), LIMIT)).toBe(false);
  });

  it('does not judge an untrained generator', () => {
    expect(hasTurned(snapshots([0.9, 0.9, 0.9], 4_999), LIMIT)).toBe(false);
    expect(hasTurned(snapshots([0.9, 0.9, 0.9], 5_000), LIMIT)).toBe(true);
  });
});

describe('countWarnings', () => {
  it('says in numbers which watchdog barked, and for how many classes', () => {
    expect(countWarnings([])).toEqual({ warnedOfModeCollapse: 0, warnedOfOverfitting: 0 });
    const collapse = (className: string) => ({ code: 'mode-collapse' as const, className, value: 0.1 });
    expect(
      countWarnings([collapse('normal'), { code: 'discriminator-overfit', value: 1 }, collapse('abnormal')]),
    ).toEqual({ warnedOfModeCollapse: 2, warnedOfOverfitting: 1 });
  });
});
