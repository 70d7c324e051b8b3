import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type FuzzReport, runFuzz } from './run-fuzz.ts';

const COUNT = 20_000;
const WHOLE_COUNT = 2_000;
const MEGABYTES_MAX = 300;

/** Mutations that all end in the parser, or none, would test little. */
function expectWidth({ verdicts }: FuzzReport, count: number): void {
  expect(Object.values(verdicts).reduce((sum, times) => sum + times, 0)).toBe(count);
  expect(verdicts.read).toBeGreaterThan(count / 20);
  expect(verdicts.DECODE_FAILED).toBeGreaterThan(count / 50);
  expect(Object.keys(verdicts).length).toBeGreaterThan(12);
}

describe('reading films', () => {
  it('ends with a film or a typed refusal for 20,000 mutations, without crash or hang and in bounded memory', async () => {
    const report = await runFuzz({ seed: 1, count: COUNT });
    expect(report.faults).toEqual([]);
    expect(report.peakMb).toBeLessThan(MEGABYTES_MAX);
    expectWidth(report, COUNT);
  }, 900_000);

  it('does so for 2,000 with the search for text and the squaring', async () => {
    const report = await runFuzz({ seed: 2, count: WHOLE_COUNT, isWhole: true });
    expect(report.faults).toEqual([]);
    expect(report.peakMb).toBeLessThan(MEGABYTES_MAX);
    expectWidth(report, WHOLE_COUNT);
    expect(report.verdicts['read, text masked']).toBeGreaterThan(WHOLE_COUNT / 200);
  }, 900_000);
});

describe('npm run fuzz', () => {
  it('reads the mutations that it is told to, and says what became of them', async () => {
    const root = fileURLToPath(new URL('../../../..', import.meta.url));
    const args = ['run', '--silent', 'fuzz', '--', '--count', '60', '--seed', '9', '--first', '100'];
    const { stdout } = await promisify(execFile)('npm', args, { cwd: root });
    expect(stdout).toMatch(/^ +\d+ {2}read$/m);
    expect(stdout).toMatch(/^60 mutations of seed 9 from 100 in \d+ s: 0 faults, .* children up to \d+ MB$/m);
  });
});
