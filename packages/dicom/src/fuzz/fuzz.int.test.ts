import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runFuzz } from './run-fuzz.ts';

const COUNT = 10_000;
const MEGABYTES_MAX = 300;

describe('reading films, looking for text and making them square', () => {
  it('ends with a film or a typed refusal for 10,000 mutations, without crash or hang and in bounded memory', async () => {
    const report = await runFuzz({ seed: 1, count: COUNT });
    expect(report.faults).toEqual([]);
    const verdicts = Object.values(report.verdicts).reduce((sum, count) => sum + count, 0);
    expect(verdicts).toBe(COUNT);
    expect(report.peakMb).toBeLessThan(MEGABYTES_MAX);
    // Mutations that all end in the parser, or none, would test little.
    expect(report.verdicts.read).toBeGreaterThan(COUNT / 20);
    expect(report.verdicts['read, text masked']).toBeGreaterThan(COUNT / 200);
    expect(report.verdicts.DECODE_FAILED).toBeGreaterThan(COUNT / 50);
    expect(Object.keys(report.verdicts).length).toBeGreaterThan(12);
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
