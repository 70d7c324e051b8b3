import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { describeReport } from './describe-report.ts';
import { defineProof } from './proof.ts';
import { runProof } from './run-proof.ts';

const folder = mkdtempSync(join(tmpdir(), 'synspine-proof-'));
afterEach(() => rmSync(join(folder, 'results'), { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const context = { size: 'full', folder, films: null, say: () => undefined } as const;

it('goes on with the first unit without a result after it was cut off, and counts each once', async () => {
  const ran: string[] = [];
  let cut = true;
  const proof = defineProof({
    title: 'Numbers add up',
    method: 'By counting.',
    units: () => ['a', 'b', 'c'].map((key, value) => ({ key, value })),
    run: async ({ key, value }) => {
      if (key === 'b' && cut) throw new Error('power cut');
      ran.push(key);
      return value;
    },
    report: (results) => {
      const sum = results.reduce((total, { result }) => total + result, 0);
      const claim = { text: 'the sum is 3', measured: String(sum), holds: sum === 3 };
      return { claims: [claim], tables: [{ title: 'Units', head: ['key'], rows: [['a']] }] };
    },
  });
  await expect(runProof(proof, context, 'abc')).rejects.toThrow('power cut');
  cut = false;
  const report = await runProof(proof, context, 'abc');
  expect(ran).toEqual(['a', 'b', 'c']);
  expect(report.claims).toEqual([{ text: 'the sum is 3', measured: '3', holds: true }]);
  const provenance = { name: 'sums', commit: 'abc', machine: '2 cores', measuredAt: '2026-12-01T00:00:00Z' };
  expect(describeReport(proof, report, provenance)).toContain('| the sum is 3 | 3 | yes |');
});

it('measures a unit again that was since described otherwise, and names the commits of all results', async () => {
  const proofOf = (patients: number) =>
    defineProof({
      title: 'Patients are counted',
      method: 'By counting.',
      units: () => [
        { key: 'phantoms', patients },
        { key: 'films', patients: 7 },
      ],
      run: async (unit) => unit.patients,
      report: (results) => ({
        claims: results.map(({ result }) => ({ text: 'n', measured: String(result), holds: true })),
        tables: [],
      }),
    });
  await runProof(proofOf(3_000), context, 'abc');
  const { claims, commits } = await runProof(proofOf(5_000), context, 'def');
  expect(claims.map(({ measured }) => measured)).toEqual(['5000', '7']);
  expect(commits).toEqual(['def', 'abc']);
});
