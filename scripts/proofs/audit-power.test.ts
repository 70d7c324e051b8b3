import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ProofReport } from './proof.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

it('hospitals are told the numbers of patients that the proof measured', () => {
  const { tables } = JSON.parse(read('results/proofs/audit-power.json')) as ProofReport;
  const measured = tables[0]!.rows.map((row) => `| ${row.join(' | ')} |`);
  const table = read('hospital-it/README.md')
    .split('\n')
    .filter((line) => /^\| P\d/.test(line));
  expect(measured.length).toBeGreaterThanOrEqual(6);
  expect(table).toEqual(measured);
});
