import { normalQuantile } from '@synspine/metrics';
import type { BenchmarkCell, ScoreReport } from '@synspine/protocol';

const Z = normalQuantile(0.975);

/**
 * A cell whose interval holds patients, and now what training again would change, too: both arms grow by square and add (MOVER,
 * Zou & Donner 2008). The sites' answers are by the same classifiers, so their spreads go together: the standard deviations are averaged by
 * films, not the variances. Answers of agents that don't tell their spread count for none, which the cell can't mend.
 */
export function withTrainingSpread<C extends BenchmarkCell>(cell: C, reports: readonly ScoreReport[]): C {
  const weights = reports.map(({ positive, negative }) => sum(positive) + sum(negative));
  const spread =
    sum(reports.map((report, i) => weights[i]! * Math.sqrt(report.trainingVariance ?? 0))) / sum(weights);
  const arm = (bound: number) => Math.hypot(cell.auc - bound, Z * spread);
  return {
    ...cell,
    ciLow: Math.max(0, cell.auc - arm(cell.ciLow)),
    ciHigh: Math.min(1, cell.auc + arm(cell.ciHigh)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
