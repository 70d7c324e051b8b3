import { rowsByGroup } from './groups.ts';
import { MetricError } from './metric-error.ts';

/**
 * What each image adds to a statistic of two classes: for an AUC the placements of DeLong et al. (1988), for each positive the
 * share of negatives below it, for each negative the share of positives above it, ties counting ½. Either class's mean is the
 * statistic. Differences and means of placements, row by row, are placements of differences and means of AUCs.
 */
export type Placements = {
  positive: number[];
  negative: number[];
  positiveRows: number[];
  negativeRows: number[];
};

/**
 * Placements of `scores` by midranks (Sun & Xu 2014). `labels` are 1 or true for positives, 0 or false for negatives; other rows
 * are left out. Throws a MetricError without two images of each class, or on scores that aren't finite.
 */
export function placements(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): Placements {
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

/** Row by row Σ weightₖ·placementₖ of several networks' placements of the same images. */
export function combinePlacements(parts: readonly Placements[], weights: readonly number[]): Placements {
  const add = (side: 'positive' | 'negative') =>
    parts[0]![side].map((_, i) => parts.reduce((sum, part, k) => sum + weights[k]! * part[side][i]!, 0));
  return { ...parts[0]!, positive: add('positive'), negative: add('negative') };
}

/** Variance of the statistic if no two images were of one patient (DeLong et al. 1988). */
export function independentVariance({ positive, negative }: Placements): number {
  return sampleVariance(positive) / positive.length + sampleVariance(negative) / negative.length;
}

/**
 * Variance of the statistic when images of one group are dependent (Obuchowski 1997, equation 4): per-patient sums of centred
 * placements, with the covariance of a patient's two classes. `groups` names each row's patient.
 * Throws a MetricError on a row without a name, or one patient alone in a class.
 */
export function clusteredVariance(placed: Placements, groups: readonly string[]): number {
  const sums = new Map<string, [number, number]>();
  const add = (rows: number[], values: number[], side: 0 | 1) => {
    const centre = mean(values);
    rows.forEach((row, index) => {
      const name = groups[row];
      if (name === undefined) throw new MetricError('shape-mismatch', 'Pass one group name per score.');
      const sum = sums.get(name) ?? [0, 0];
      sum[side] += (values[index]! - centre) / values.length;
      sums.set(name, sum);
    });
  };
  add(placed.positiveRows, placed.positive, 0);
  add(placed.negativeRows, placed.negative, 1);
  const clusters = [...sums.values()];
  const squares = (pick: (sum: [number, number]) => number) =>
    clusters.reduce((total, sum) => total + pick(sum), 0);
  const all = clusters.length / (clusters.length - 1);
  const variance =
    correction(placed.positiveRows, groups) * squares(([p]) => p * p) +
    correction(placed.negativeRows, groups) * squares(([, n]) => n * n) +
    2 * all * squares(([p, n]) => p * n);
  return Math.max(0, variance); // where a patient's two classes cancel, rounding may leave a tiny negative number
}

/** N / (N − 1) for the N patients of some rows. */
function correction(rows: readonly number[], groups: readonly string[]): number {
  const count = countGroups(rows, groups);
  if (count < 2)
    throw new MetricError('too-few-samples', 'An AUC interval needs two patients of each class.');
  return count / (count - 1);
}

/**
 * How many times the variance of as many independent images: clustered over independent variance, at least 1, since images of one
 * patient take information away. Where no placement differs (all pairs in order) there is no variance to compare: then the
 * largest effect. 1 without `groups`.
 */
export function designEffect(placed: Placements, groups: readonly string[] | undefined): number {
  if (!groups) return 1;
  const clustered = clusteredVariance(placed, groups);
  const independent = independentVariance(placed);
  if (independent > ROUNDING) return Math.max(1, clustered / independent);
  return largestEffect(
    [placed.positiveRows, placed.negativeRows].map((rows) => rows.map((row) => groups[row]!)),
  );
}

/**
 * The design effect if a patient's images all said the same, of the class where it is larger: Σ size² / Σ size over the patients of
 * each class's images. 1 where there are none.
 */
export function largestEffect(classes: readonly (readonly string[])[]): number {
  const effects = classes.map((groups) => {
    const sizes = rowsByGroup(groups).map((rows) => rows.length);
    return sizes.reduce((sum, size) => sum + size * size, 0) / Math.max(1, groups.length);
  });
  return Math.max(1, ...effects);
}

const ROUNDING = 1e-20; // means of equal placements differ in the last bit

/** Patients among some rows. */
export function countGroups(rows: readonly number[], groups: readonly string[]): number {
  return new Set(rows.map((row) => groups[row])).size;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
