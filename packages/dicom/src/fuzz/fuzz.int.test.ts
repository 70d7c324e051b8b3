import { describe, expect, it } from 'vitest';
import { runFuzz } from './run-fuzz.ts';

const COUNT = 20_000;
const MEGABYTES_MAX = 300;

describe('reading films', () => {
  it('ends with a film or a typed refusal for 20,000 mutations, without crash or hang and in bounded memory', async () => {
    const report = await runFuzz({ seed: 1, count: COUNT });
    expect(report.faults).toEqual([]);
    const verdicts = Object.values(report.verdicts).reduce((sum, count) => sum + count, 0);
    expect(verdicts).toBe(COUNT);
    expect(report.peakMb).toBeLessThan(MEGABYTES_MAX);
    // Mutations that all end in the parser, or none, would test little.
    expect(report.verdicts.read).toBeGreaterThan(COUNT / 20);
    expect(report.verdicts.DECODE_FAILED).toBeGreaterThan(COUNT / 50);
    expect(Object.keys(report.verdicts).length).toBeGreaterThan(12);
  }, 900_000);
});
