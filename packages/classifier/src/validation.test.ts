import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { aucStandardError, chooseCheckpoint, fitTemperature, meanAuc } from './validation.ts';

const rowsOf = (scores: number[]) => Float32Array.from(scores.flatMap((s) => [1 - s, s]));

describe('the validation AUC', () => {
  it('counts pairs, with half a win for a tie', () => {
    expect(meanAuc(rowsOf([0.25, 0.5, 0.5, 0.75]), [0, 0, 1, 1], 2)).toBe(3.5 / 4);
    expect(meanAuc(rowsOf([0.1, 0.2, 0.3, 0.4]), [1, 1, 0, 0], 2)).toBe(0);
    expect(meanAuc(rowsOf([0.5, 0.5, 0.5]), [0, 1, 1], 2)).toBe(0.5);
  });

  it('agrees with counting all pairs on random scores with ties', () => {
    const random = seededRandom(3);
    const scores = Array.from({ length: 80 }, () => Math.floor(random() * 16) / 16);
    const labels = scores.map(() => Number(random() < 0.4));
    let [wins, pairs] = [0, 0];
    for (const [i, a] of scores.entries())
      for (const [j, b] of scores.entries())
        if (labels[i] === 1 && labels[j] === 0) {
          wins += a > b ? 1 : a === b ? 0.5 : 0;
          pairs += 1;
        }
    expect(meanAuc(rowsOf(scores), labels, 2)).toBeCloseTo(wins / pairs, 12);
  });

  it('is the mean over classes when there are three', () => {
    const rows = Float32Array.of(0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8);
    expect(meanAuc(rows, [0, 1, 2], 3)).toBe(1);
  });
});

describe('the validation AUC of eight classes', () => {
  /** Rows that are right but for the last class, whose images look like class 0. */
  const rows = (labels: number[]) =>
    Float32Array.from(
      labels.flatMap((label) => Array.from({ length: 8 }, (_, c) => (c === label % 7 ? 0.5 : 0.5 / 7))),
    );

  it('is the mean over all of them', () => {
    const labels = [0, 1, 2, 3, 4, 5, 6, 7, 7];
    // Class 0: its one image ties with two of eight others; class 7: chance.
    expect(meanAuc(rows(labels), labels, 8)).toBeCloseTo((7 / 8 + 6 + 1 / 2) / 8, 6);
  });

  it('is the mean over those that are there', () => {
    const labels = [0, 0, 1, 3, 5];
    expect(meanAuc(rows(labels), labels, 8)).toBe(1);
  });
});

describe('choosing a checkpoint', () => {
  it('takes the latest one within a standard error of the best', () => {
    expect(chooseCheckpoint([0.5, 0.9, 0.86, 0.8], 0.05)).toBe(2);
    expect(chooseCheckpoint([0.5, 0.9, 0.84, 0.8], 0.05)).toBe(1);
    expect(chooseCheckpoint([0.7, 0.9, 0.9], 0)).toBe(2);
  });

  it('knows Hanley and McNeil’s standard error: .85 with 41 and 63 films is .04', () => {
    expect(aucStandardError(0.85, 41, 63)).toBeCloseTo(0.04, 2);
    expect(aucStandardError(1, 10, 10)).toBe(0);
  });
});

describe('the temperature', () => {
  it('finds the factor by which logits were too large, within its bounds', () => {
    const random = seededRandom(7);
    const truth = Array.from({ length: 4_000 }, () => (random() - 0.5) * 4);
    const labels = truth.map((logit) => Number(random() < 1 / (1 + Math.exp(-logit))));
    const overconfident = rowsOf(truth.map((logit) => 1 / (1 + Math.exp(-2 * logit))));
    expect(fitTemperature(overconfident, labels, 2)).toBeCloseTo(2, 0);
    const soft = (logits: number[]) => {
      const weights = logits.map(Math.exp);
      return weights.map((w) => w / weights.reduce((a, b) => a + b, 0));
    };
    const eight = Array.from({ length: 3_000 }, () => Array.from({ length: 8 }, () => random() * 4));
    const drawn = eight.map((logits) => {
      const [drawn, cumulative] = [random(), [0]];
      for (const p of soft(logits)) cumulative.push(cumulative.at(-1)! + p);
      return cumulative.findLastIndex((low) => low <= drawn);
    });
    const hot = Float32Array.from(eight.flatMap((logits) => soft(logits.map((l) => 2 * l))));
    expect(fitTemperature(hot, drawn, 8)).toBeCloseTo(2, 0);
    const perfect = rowsOf(labels.map((label) => (label ? 0.7 : 0.3)));
    expect(fitTemperature(perfect, labels, 2)).toBeCloseTo(0.25, 2);
  });
});
