import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeReport } from './describe-report.ts';
import { defineProof } from './proof.ts';
import { runProof } from './run-proof.ts';

const folder = mkdtempSync(join(tmpdir(), 'synspine-proof-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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
  await expect(runProof(proof, context)).rejects.toThrow('power cut');
  cut = false;
  const report = await runProof(proof, context);
  expect(ran).toEqual(['a', 'b', 'c']);
  expect(report.claims).toEqual([{ text: 'the sum is 3', measured: '3', holds: true }]);
  const provenance = { name: 'sums', commit: 'abc', machine: '2 cores', measuredAt: '2026-12-01T00:00:00Z' };
  expect(describeReport(proof, report, provenance)).toContain('| the sum is 3 | 3 | yes |');
});
