import { newcombeInterval } from './newcombe-interval.ts';
import {
  clusteredVariance,
  countGroups,
  designEffect,
  independentVariance,
  largestEffect,
  mean,
  placements,
} from './placements.ts';

/** An AUC with its 95 % interval, and what somebody else needs to make one. */
export type AucInterval = {
  auc: number;
  ciLow: number;
  ciHigh: number;
  /** DeLong's, with the dependence of a patient's images in it where groups were given. */
  variance: number;
  nPositive: number;
  nNegative: number;
  /** Variance over that of as many independent images, at least 1. */
  designEffect: number;
};

/**
 * Area under the ROC curve: P(positive score > negative score) + ½·P(equal), in [0, 1].
 * `labels` are 1 or true for positives. Throws a MetricError without both classes or on scores that aren't finite.
 */
export function rocAuc(scores: ArrayLike<number>, labels: ArrayLike<number | boolean>): number {
  return mean(placements(scores, labels).positive);
}

/**
 * AUC with a 95 % interval by Newcombe's method 5, which holds its level at site sizes where DeLong's normal interval doesn't, and
 * has width even when every pair is in order. With `groups` (the patient of each score) its variance is multiplied by the design
 * effect: DeLong's variance of whole patients (Obuchowski 1997) over that of single images. For one class against the rest, pass
 * `labels` that are 1 for that class.
 * Throws a MetricError without two images (with groups: patients) of each class, or on scores that aren't finite.
 */
export function aucInterval(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  groups?: readonly string[],
): AucInterval & { patientsPositive: number; patientsNegative: number } {
  const placed = placements(scores, labels);
  const auc = mean(placed.positive);
  const [nPositive, nNegative] = [placed.positive.length, placed.negative.length];
  const precision = { nPositive, nNegative, designEffect: designEffect(placed, groups) };
  return {
    auc,
    ...newcombeInterval(auc, precision),
    variance: groups ? clusteredVariance(placed, groups) : independentVariance(placed),
    ...precision,
    patientsPositive: groups ? countGroups(placed.positiveRows, groups) : nPositive,
    patientsNegative: groups ? countGroups(placed.negativeRows, groups) : nNegative,
  };
}

/**
 * The design effect of `aucInterval`, also for films too few for an AUC (fewer than two patients of a class): then the largest that
 * these patients can have. In [1, ∞).
 */
export function filmDesignEffect(
  scores: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  groups: readonly string[],
): number {
  const ofClass = (label: number) => groups.filter((_, row) => Number(labels[row]) === label);
  const classes = [ofClass(0), ofClass(1)];
  if (classes.some((of) => new Set(of).size < 2)) return largestEffect(classes);
  return designEffect(placements(scores, labels), groups);
}
