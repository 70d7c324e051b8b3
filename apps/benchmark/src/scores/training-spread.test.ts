import { seededNormal, seededRandom } from '@synspine/compute';
import type { BenchmarkCell, ScoreReport } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import { withTrainingSpread } from './training-spread.ts';

const cell: BenchmarkCell = {
  ...{ trainedOn: 'synthetic:pool', testedOn: 'alder', auc: 0.8, ciLow: 0.7, ciHigh: 0.86 },
  ...{ nPositive: 30, nNegative: 30, seeds: 3 },
};
const report = (films: number, trainingVariance?: number | null) =>
  ({ positive: [films], negative: [films], trainingVariance }) as unknown as ScoreReport;
const widened = (...reports: ScoreReport[]) => {
  const { ciLow, ciHigh } = withTrainingSpread(cell, reports);
  return [ciLow, ciHigh];
};

describe('an interval that holds another training', () => {
  it('grows both arms by square and add', () => {
    const [low, high] = widened(report(10, 0.02 ** 2));
    expect(low).toBeCloseTo(0.8 - Math.hypot(0.1, 1.959964 * 0.02), 6);
    expect(high).toBeCloseTo(0.8 + Math.hypot(0.06, 1.959964 * 0.02), 6);
  });

  it('stays as it is where no spread is told', () => {
    const [low, high] = widened(report(10), report(10, null));
    expect(low).toBeCloseTo(0.7, 12);
    expect(high).toBeCloseTo(0.86, 12);
  });

  it('takes the sites’ spreads for those of one classifier, by films', () => {
    const [low] = widened(report(10, 0.04 ** 2), report(30, 0));
    expect(low).toBeCloseTo(0.8 - Math.hypot(0.1, 1.959964 * 0.01), 6);
  });

  it('covers the mean of all trainings in 91 to 98 % of simulations with six of them, and without the spread in fewer', () => {
    const random = seededRandom(7);
    const [patients, training, members] = [0.03, 0.05, 6];
    const hits = { with: 0, without: 0 };
    const repeats = 4_000;
    for (let i = 0; i < repeats; i++) {
      const shift = patients * seededNormal(random);
      const aucs = Array.from({ length: members }, () => 0.8 + shift + training * seededNormal(random));
      const auc = aucs.reduce((sum, value) => sum + value, 0) / members;
      const variance = aucs.reduce((sum, value) => sum + (value - auc) ** 2, 0) / (members - 1) / members;
      const alone = { ...cell, auc, ciLow: auc - 1.96 * patients, ciHigh: auc + 1.96 * patients };
      const both = withTrainingSpread(alone, [report(10, variance)]);
      if (both.ciLow <= 0.8 && 0.8 <= both.ciHigh) hits.with += 1;
      if (alone.ciLow <= 0.8 && 0.8 <= alone.ciHigh) hits.without += 1;
    }
    expect(hits.with / repeats).toBeGreaterThan(0.91);
    expect(hits.with / repeats).toBeLessThan(0.98);
    expect(hits.without / repeats).toBeLessThan(0.92);
  });
});
