import { MetricError } from './metric-error.ts';
import { normalQuantile } from './normal-distribution.ts';

export type AucInterval = {
  auc: number;
  ciLow: number;
  ciHigh: number;
  variance: number;
  nPositive: number;
  nNegative: number;
};

/**
 * Area under the ROC curve: P(positive score > negative score) + ½·P(equal), in [0, 1].
 * `labels` are 1 or true for positives. Throws a MetricError without both classes or on scores that aren't finite.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): number {
  const { positive } = placements(scores, labels);
  return mean(positive);
}

/**
 * AUC with DeLong's variance (DeLong et al. 1988, midranks as in Sun & Xu 2014) and its normal interval, cut to [0, 1].
 * With `groups` (one name per score), the placements of a patient's images are summed before their variance is taken
 * (Obuchowski 1997), as two films of a patient are never independent. A perfectly separated sample has variance 0: where a
 * decision hangs on it, look at the counts as well.
 */
export function delongInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  groups?: readonly string[],
): AucInterval {
  const { positive, negative, positiveRows, negativeRows } = placements(scores, labels);
  const auc = mean(positive);
  const variance = groups
    ? clusteredVariance(auc, { positive, negative, positiveRows, negativeRows }, groups)
    : sampleVariance(positive, auc) / positive.length + sampleVariance(negative, auc) / negative.length;
  return {
    auc,
    ...normalInterval(auc, variance),
    variance,
    nPositive: positive.length,
    nNegative: negative.length,
  };
}

/** auc ± z·√variance at 95 %, cut to [0, 1]. */
export function normalInterval(auc: number, variance: number): { ciLow: number; ciHigh: number } {
  const half = normalQuantile(0.975) * Math.sqrt(variance);
  return { ciLow: Math.max(0, auc - half), ciHigh: Math.min(1, auc + half) };
}

type Placements = { positive: number[]; negative: number[]; positiveRows: number[]; negativeRows: number[] };

/** For each positive the share of negatives below it, for each negative the share of positives above it; ties count ½. */
function placements(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): Placements {
  const rows = Array.from({ length: scores.length }, (_, row) => row);
  if (labels.length !== scores.length) {
    throw new MetricError(
      'shape-mismatch',
      `${scores.length} scores for ${labels.length} labels; pass one label each.`,
    );
  }
  if (!rows.every((row) => Number.isFinite(scores[row]))) {
    throw new MetricError('not-finite', 'A score is NaN or infinite; check the classifier.');
  }
  const positiveRows = rows.filter((row) => Number(labels[row]) === 1);
  const negativeRows = rows.filter((row) => Number(labels[row]) === 0);
  if (positiveRows.length < 2 || negativeRows.length < 2) {
    throw new MetricError('too-few-samples', 'An AUC needs at least two images of each class.');
  }
  const overall = midranks(rows.map((row) => scores[row]!));
  const n = positiveRows.length;
  const m = negativeRows.length;
  const amongPositive = midranks(positiveRows.map((row) => scores[row]!));
  const amongNegative = midranks(negativeRows.map((row) => scores[row]!));
  return {
    positive: positiveRows.map((row, index) => (overall[row]! - amongPositive[index]!) / m),
    negative: negativeRows.map((row, index) => 1 - (overall[row]! - amongNegative[index]!) / n),
    positiveRows,
    negativeRows,
  };
}

/** Ranks from 1, equal values sharing the mean of their ranks. */
function midranks(values: readonly number[]): Float64Array {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let index = start; index < end; index++) ranks[order[index]!] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Obuchowski 1997, equation 4: per-patient sums of centred placements, with the covariance of a patient's two classes. */
function clusteredVariance(auc: number, placed: Placements, groups: readonly string[]): number {
  const sums = new Map<string, [number, number]>();
  const add = (rows: number[], values: number[], side: 0 | 1) => {
    rows.forEach((row, index) => {
      const name = groups[row];
      if (name === undefined) throw new MetricError('shape-mismatch', 'Pass one group name per score.');
      const sum = sums.get(name) ?? [0, 0];
      sum[side] += (values[index]! - auc) / values.length;
      sums.set(name, sum);
    });
  };
  add(placed.positiveRows, placed.positive, 0);
  add(placed.negativeRows, placed.negative, 1);
  const clusters = [...sums.values()];
  const squares = (pick: (sum: [number, number]) => number) =>
    clusters.reduce((total, sum) => total + pick(sum), 0);
  const factor = (rows: number[]) => {
    const count = new Set(rows.map((row) => groups[row])).size;
    if (count < 2)
      throw new MetricError('too-few-samples', 'An AUC interval needs two patients of each class.');
    return count / (count - 1);
  };
  const all = clusters.length / (clusters.length - 1);
  const variance =
    factor(placed.positiveRows) * squares(([p]) => p * p) +
    factor(placed.negativeRows) * squares(([, n]) => n * n) +
    2 * all * squares(([p, n]) => p * n);
  return Math.max(0, variance); // where a patient's two classes cancel, rounding may leave a tiny negative number
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sampleVariance(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
