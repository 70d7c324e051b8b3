import type { ScoreReport } from '@synspine/protocol';
import { expect, it } from 'vitest';
import { checkScore, type ExpectedScore } from './check-score.ts';

const histogram = (counts: Record<number, number>) =>
  Array.from({ length: 256 }, (_, bin) => counts[bin] ?? 0);
const commitment = 'a'.repeat(64);
// Pairs: 4 × 5 = 20. Strictly ordered: 3 × 5 (bin 200) + 1 × 2 (bin 100 above bin 10) = 17; tied in bin 100: 1 × 3.
const report: ScoreReport = {
  trainedOn: 'synthetic:alder',
  seeds: 2,
  holdOutCommitment: commitment,
  positive: histogram({ 100: 1, 200: 3 }),
  negative: histogram({ 10: 2, 100: 3 }),
  auc: 0.9,
  aucVariance: 0.01,
};
const counts = { train: 30, validation: 5, heldOut: 9 };
const expected: ExpectedScore = {
  trainedOn: 'synthetic:alder',
  seeds: 2,
  release: {
    holdOutCommitment: commitment,
    training: { loss: 'gan', imagesShown: 1, fit: 'squeeze', films: counts, patients: counts },
  },
};

it('takes counts that fit the hold-out', () => {
  expect(() => checkScore(report, expected)).not.toThrow();
  expect(() => checkScore({ ...report, auc: null, aucVariance: null }, expected)).not.toThrow();
});

it.each([0.85, 1])('takes an AUC of %s, the edge of what the bins allow', (auc) => {
  expect(() => checkScore({ ...report, auc }, expected)).not.toThrow();
});

it('takes what the films share, up to the largest effect that so many patients can have', () => {
  const patients = { patientsPositive: 3, patientsNegative: 4 };
  expect(() => checkScore({ ...report, ...patients, designEffect: 1 }, expected)).not.toThrow();
  expect(() => checkScore({ ...report, ...patients, designEffect: 8 }, expected)).not.toThrow(); // 2 + 2 films, twice
});

it.each<[string, Partial<ScoreReport>]>([
  ['a larger design effect', { designEffect: 8.1, patientsPositive: 3, patientsNegative: 4 }],
  ['more patients than films', { designEffect: 1, patientsPositive: 5, patientsNegative: 4 }],
  ['films of nobody', { designEffect: 1, patientsPositive: 0, patientsNegative: 4 }],
  ['a design effect without patients', { designEffect: 1 }],
  ['patients without a design effect', { patientsPositive: 3, patientsNegative: 4 }],
  ['an AUC below the bins', { auc: 0.8499 }],
  [
    'an AUC above the bins',
    { auc: 0.99, negative: histogram({ 10: 2, 199: 3 }), positive: histogram({ 100: 1, 200: 3 }) },
  ],
  ['one film fewer', { negative: histogram({ 10: 1, 100: 3 }) }],
  ['one film more', { negative: histogram({ 10: 3, 100: 3 }) }],
  ['no films', { positive: histogram({}), negative: histogram({}) }],
  ['one class with an AUC', { positive: histogram({ 1: 9 }), negative: histogram({}) }],
  ['another hold-out', { holdOutCommitment: 'b'.repeat(64) }],
  ['another classifier', { trainedOn: 'synthetic:birch' }],
  ['another ensemble', { seeds: 3 }],
  ['an AUC without variance', { aucVariance: null }],
  ['a variance without AUC', { auc: null }],
])('refuses %s', (_, change) => {
  expect(() => checkScore({ ...report, ...change }, expected)).toThrowError(
    expect.objectContaining({ code: 'RESULT_INVALID' }),
  );
});

it('checks a site without a release by the counts alone', () => {
  const firstTime = { ...expected, release: undefined };
  expect(() => checkScore({ ...report, holdOutCommitment: 'b'.repeat(64) }, firstTime)).not.toThrow();
  expect(() => checkScore({ ...report, auc: 0.1 }, firstTime)).toThrow();
});
