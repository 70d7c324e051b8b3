import { MetricError } from './metric-error.ts';
import { newcombeInterval } from './newcombe-interval.ts';
import type { AucInterval } from './roc-auc.ts';

/**
 * AUC from the class-conditional histograms of a score over the same ordered bins (256 by the benchmark's convention):
 * P(positive bin > negative bin) + ½·P(equal), with Newcombe's interval (see `aucInterval`). Counts don't say which images are of one
 * patient: pass the `designEffect` that whoever has the images found, else the interval is that of independent images.
 * `variance` is DeLong's on the binned scores times the design effect. The AUC of the unbinned scores lies within
 * [tieLow, tieHigh], where all ties of a bin are lost or won. Histograms of several sites are added before the call.
 * Throws a MetricError on unequal lengths, counts that aren't whole and non-negative, or fewer than two images of a class.
 */
export function histogramAuc(
  positive: readonly number[],
  negative: readonly number[],
  { designEffect = 1 }: { designEffect?: number } = {},
): AucInterval & { tieLow: number; tieHigh: number } {
  assertHistograms(positive, negative);
  const [nPositive, nNegative] = [total(positive), total(negative)];
  const { auc, ofPositive, ofNegative } = binPlacements(positive, negative);
  const variance =
    binnedVariance(positive, ofPositive, auc, nPositive) +
    binnedVariance(negative, ofNegative, auc, nNegative);
  const halfTies = weightedSum(positive, negative) / (2 * nPositive * nNegative);
  return {
    auc,
    ...newcombeInterval(auc, { nPositive, nNegative, designEffect }),
    tieLow: Math.max(0, auc - halfTies),
    tieHigh: Math.min(1, auc + halfTies),
    variance: designEffect * variance,
    nPositive,
    nNegative,
    designEffect,
  };
}

/** The AUC of two histograms, and the placement of an image in each bin: for a positive the share of negatives below it, ties ½. */
export function binPlacements(
  positive: readonly number[],
  negative: readonly number[],
): { auc: number; ofPositive: number[]; ofNegative: number[] } {
  const [nPositive, nNegative] = [total(positive), total(negative)];
  const ofPositive = cumulativeBelow(negative).map((below, bin) => (below + negative[bin]! / 2) / nNegative);
  const ofNegative = cumulativeBelow(positive).map(
    (below, bin) => (nPositive - below - positive[bin]! / 2) / nPositive,
  );
  return { auc: weightedSum(positive, ofPositive) / nPositive, ofPositive, ofNegative };
}

function assertHistograms(positive: readonly number[], negative: readonly number[]): void {
  if (positive.length !== negative.length || positive.length === 0) {
    throw new MetricError(
      'shape-mismatch',
      `Histograms of ${positive.length} and ${negative.length} bins can't be compared; use the same agreed bins.`,
    );
  }
  if (![...positive, ...negative].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new MetricError('not-finite', 'Histogram counts must be whole and non-negative.');
  }
  if (total(positive) < 2 || total(negative) < 2) {
    throw new MetricError('too-few-samples', 'An AUC needs at least two images of each class.');
  }
}

/** Images in all bins. */
export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** For each bin, how many counts lie in the bins before it. */
function cumulativeBelow(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => {
    sum += count;
    return sum - count;
  });
}

function weightedSum(weights: readonly number[], values: readonly number[]): number {
  return weights.reduce((sum, weight, bin) => sum + weight * values[bin]!, 0);
}

/** Variance of the mean placement of one class: its sample variance over its count. */
function binnedVariance(
  counts: readonly number[],
  placements: readonly number[],
  auc: number,
  n: number,
): number {
  const squares = placements.map((placement) => (placement - auc) ** 2);
  return weightedSum(counts, squares) / (n - 1) / n;
}
