import { scoreReport } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import { histogram, reportScores } from './score-report.ts';

function holdOut(normal: number, abnormal: number) {
  const labels = Uint8Array.from([...Array(normal).fill(0), ...Array(abnormal).fill(1)]);
  const scores = Float32Array.from(labels, (label, i) => (label ? 0.4 + (i % 7) / 20 : 0.2 + (i % 11) / 25));
  return { scores, labels, patients: Array.from(labels, (_, i) => `p${Math.floor(i / 2)}`) };
}
const about = { trainedOn: 'synthetic:pool', seeds: 3, holdOutCommitment: 'a'.repeat(64) };

describe('reportScores', () => {
  it('tells the AUC from the agreed number of films per class on', () => {
    expect(reportScores(holdOut(30, 20), about, 20).auc).toBeGreaterThan(0.5);
    expect(reportScores(holdOut(30, 19), about, 20)).toMatchObject({ auc: null, aucVariance: null });
  });

  it('counts every film once, under its class, and matches the wire schema', () => {
    const report = scoreReport.parse(reportScores(holdOut(25, 21), about, 20));
    expect(report.positive.reduce((a, b) => a + b)).toBe(21);
    expect(report.negative.reduce((a, b) => a + b)).toBe(25);
  });

  it('tells what its films are worth: the patients of each class, and how far two films of one agree', () => {
    const films = holdOut(30, 20); // two films a patient
    const report = scoreReport.parse(reportScores(films, about, 20));
    expect(report).toMatchObject({ patientsNegative: 15, patientsPositive: 10 });
    const twins = { ...films, scores: films.scores.map((_, i) => films.scores[i & ~1]!) };
    expect(reportScores(twins, about, 20).designEffect).toBeGreaterThan(1.8);
    const alone = { ...films, patients: films.patients.map((_, i) => `p${i}`) };
    expect(reportScores(alone, about, 20).designEffect).toBeCloseTo(1, 12);
    expect(reportScores(holdOut(30, 2), about, 20).designEffect).toBe(2); // one abnormal patient: the largest effect
  });

  it('tells nothing of a classifier that gives a film no score', () => {
    for (const film of [0, 45]) {
      const films = holdOut(25, 21);
      films.scores[film] = Number.NaN; // what weights give that are finite, but too large to multiply
      expect(() => reportScores(films, about, 20)).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }));
    }
  });
});

it('histogram puts 0 into the first bin, 1 into the last, and a bin’s lower bound into that bin', () => {
  const bins = histogram(Float32Array.of(0, 1, 0.5, 0.498));
  expect([bins[0], bins[255], bins[128], bins[127]]).toEqual([1, 1, 1, 1]);
});
