import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CLASSES_MIN } from '../../apps/site-agent/src/films/divide-films.ts';
import { TRAINING_PATIENTS_PER_CLASS_MIN } from '../../apps/site-agent/src/films/label-schemes.ts';
import { DEFAULT_SHARES, splitPatients } from '../../apps/site-agent/src/films/split.ts';
import type { ProofReport } from './proof.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

/**
 * Patients in all, as many of each class, from which on, however many more there are, the agent's split leaves enough of each
 * class to train on.
 */
function trainable(): number {
  const trained = (patients: number) => {
    const ofClass = Array.from({ length: patients }, (_, i) => ({ key: `${i}`, stratum: 'normal' }));
    const split = splitPatients(ofClass, {}, DEFAULT_SHARES);
    return Object.values(split).filter((part) => part === 'train').length;
  };
  const sizes = Array.from({ length: 10 * TRAINING_PATIENTS_PER_CLASS_MIN }, (_, size) => size);
  const tooFew = sizes.findLast((size) => trained(size) < TRAINING_PATIENTS_PER_CLASS_MIN)!;
  return CLASSES_MIN * (tooFew + 1);
}

/** What the proof measured, or what training takes where that is more. */
function inAll(measured: string): string {
  const patients = Number(measured.replaceAll(',', ''));
  return Number.isNaN(patients) ? measured : Math.max(patients, trainable()).toLocaleString('en');
}

it('hospitals are told the numbers of patients that the proof measured, and no fewer than train', () => {
  const { tables } = JSON.parse(read('results/proofs/audit-power.json')) as ProofReport;
  const needed = tables[0]!.rows.map(([test, heldOut, all]) => [test, heldOut, inAll(all!)].join(' | '));
  const table = read('hospital-it/README.md')
    .split('\n')
    .filter((line) => /^\| P\d/.test(line));
  expect(needed.length).toBeGreaterThanOrEqual(6);
  expect(table).toEqual(needed.map((row) => `| ${row} |`));
});
