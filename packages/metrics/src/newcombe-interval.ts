import { MetricError } from './metric-error.ts';
import { normalQuantile } from './normal-distribution.ts';

export type AucPrecision = {
  nPositive: number;
  nNegative: number;
  /** Variance with dependent films over that of as many independent ones; 1 by default. */
  designEffect?: number;
  /** Variance that comes on top of the films', such as that between training seeds; 0 by default. */
  addedVariance?: number;
  /** Two-sided 97.5 % quantile; the normal one by default. */
  quantile?: number;
};

/**
 * 95 % interval of an AUC by Newcombe's method 5 (2006, part 2): all θ with |θ̂ − θ| ≤ z·√V(θ), V the variance of Hanley and
 * McNeil (1982) with (m + n)/2 − 1 in place of both m − 1 and n − 1. Within [0, 1], and never of width zero: at θ̂ = 1 the lower
 * bound depends on the counts alone. V is multiplied by `designEffect`, then `addedVariance` is added.
 * Throws a MetricError on an AUC outside [0, 1], an empty class, or a design effect that isn't positive.
 */
export function newcombeInterval(auc: number, precision: AucPrecision): { ciLow: number; ciHigh: number } {
  const { nPositive, nNegative, designEffect = 1, addedVariance = 0, quantile = Z } = precision;
  const possible = auc >= 0 && auc <= 1 && nPositive >= 1 && nNegative >= 1;
  if (!(possible && designEffect > 0 && addedVariance >= 0)) {
    throw new MetricError('bad-option', 'Pass an AUC in [0, 1], counts from 1 and a positive design effect.');
  }
  const reach = (theta: number) =>
    quantile * Math.sqrt(designEffect * aucVariance(theta, nPositive, nNegative) + addedVariance);
  return {
    ciLow: furthest(auc, 0, (theta) => auc - theta <= reach(theta)),
    ciHigh: furthest(auc, 1, (theta) => theta - auc <= reach(theta)),
  };
}

const Z = normalQuantile(0.975);

/** Newcombe 2006, method 5: θ(1 − θ)/(mn) · [1 + N*·(1 − θ)/(2 − θ) + N*·θ/(1 + θ)] with N* = (m + n)/2 − 1. */
function aucVariance(theta: number, m: number, n: number): number {
  const others = (m + n) / 2 - 1;
  const pairs = 1 + (others * (1 - theta)) / (2 - theta) + (others * theta) / (1 + theta);
  return (theta * (1 - theta) * pairs) / (m * n);
}

/** The point between `from`, which is in reach, and `end` where reach ends, by bisection. */
function furthest(from: number, end: number, inReach: (theta: number) => boolean): number {
  if (inReach(end)) return end;
  let [near, far] = [from, end];
  for (let step = 0; step < 52; step++) {
    const middle = (near + far) / 2;
    if (inReach(middle)) near = middle;
    else far = middle;
  }
  return (near + far) / 2;
}
