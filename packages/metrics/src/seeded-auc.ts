import { MetricError } from './metric-error.ts';
import type { MetricInterval } from './metric-interval.ts';
import { newcombeInterval } from './newcombe-interval.ts';
import { normalQuantile, studentQuantile } from './normal-distribution.ts';
import {
  clusteredVariance,
  combinePlacements,
  designEffect,
  independentVariance,
  mean,
  type Placements,
  placements,
} from './placements.ts';

/** Scores of n films by networks that differ in their seeds: [generators][classifiers of each] → n scores, higher = positive. */
export type SeededScores = readonly (readonly ArrayLike<number>[])[];

/** The n films: 1 or true for positives, and the patient of each. */
export type TestFilms = { labels: ArrayLike<number | boolean>; patients: readonly string[] };

/**
 * Mean AUC over all networks, with a 95 % interval for another hospital's worth of patients and another training. Newcombe's
 * interval with the design effect of the patients and of averaging networks, to which the variance between the means of
 * generators is added (between classifiers, where there is one generator), with Student's t by Satterthwaite's degrees of
 * freedom. A level with one seed has no spread to add: the interval is then of those networks alone. Two generators say little
 * about a third: where they differ by more than the films' error, the interval holds its level from three on.
 * Throws a MetricError on shapes, scores that aren't finite, or fewer than two patients of a class.
 */
export function seededAuc(scores: SeededScores, test: TestFilms): MetricInterval {
  const { auc, ...spread } = measure(scores, test);
  const { filmError, seedVariance, seedFreedom, precision } = spread;
  const quantile = quantileOf(filmError ** 2, [{ variance: seedVariance, freedom: seedFreedom }]);
  const interval = newcombeInterval(auc, { ...precision, addedVariance: seedVariance, quantile });
  return { value: auc, ...interval, standardError: Math.sqrt(filmError ** 2 + seedVariance) };
}

/**
 * `seededAuc` of `scores` less that of `baseline`, on the same films. The two AUCs' errors are half the widths of their Newcombe
 * intervals over 1.96, their correlation is that of their placements by patient (DeLong et al. 1988, Obuchowski 1997); the seeds'
 * variances of both are added.
 */
export function seededAucDifference(
  scores: SeededScores,
  baseline: SeededScores,
  test: TestFilms,
): MetricInterval {
  const [a, b] = [measure(scores, test), measure(baseline, test)];
  const gap = clusteredVariance(combinePlacements([a.placed, b.placed], [1, -1]), test.patients);
  const scale = 2 * Math.sqrt(a.variance * b.variance);
  const correlation = scale > 0 ? clamp((a.variance + b.variance - gap) / scale) : 0;
  const films = a.filmError ** 2 + b.filmError ** 2 - 2 * correlation * a.filmError * b.filmError;
  const filmVariance = Math.max(0, films);
  const quantile = quantileOf(
    filmVariance,
    [a, b].map(({ seedVariance, seedFreedom }) => ({ variance: seedVariance, freedom: seedFreedom })),
  );
  const value = a.auc - b.auc;
  const standardError = Math.sqrt(filmVariance + a.seedVariance + b.seedVariance);
  return {
    value,
    ciLow: clamp(value - quantile * standardError),
    ciHigh: clamp(value + quantile * standardError),
    standardError,
  };
}

/** The mean AUC with its sources of error. `variance` is by patient, of the films alone; `filmError` is Newcombe's in its place. */
function measure(scores: SeededScores, { labels, patients }: TestFilms) {
  const networks = scores.map((ofOne) => ofOne.map((each) => placements(each, labels)));
  if (networks.length === 0 || networks.some((ofOne) => ofOne.length === 0))
    throw new MetricError('too-few-samples', 'A mean AUC needs the scores of at least one network.');
  const placed = average(networks.flat());
  const auc = Math.min(1, mean(placed.positive)); // the mean of six ones may be rounded above 1
  const precision = {
    nPositive: placed.positive.length,
    nNegative: placed.negative.length,
    designEffect: designEffect(placed, patients) * averagingEffect(networks.flat(), placed),
  };
  const { ciLow, ciHigh } = newcombeInterval(auc, precision);
  const units = networks.length > 1 ? networks.map(average) : networks[0]!;
  return {
    auc,
    placed,
    precision,
    variance: clusteredVariance(placed, patients),
    filmError: (ciHigh - ciLow) / 2 / Z,
    seedVariance: varianceOfMean(units.map(({ positive }) => mean(positive))),
    seedFreedom: units.length - 1,
  };
}

const Z = normalQuantile(0.975);

function average(parts: readonly Placements[]): Placements {
  return combinePlacements(
    parts,
    parts.map(() => 1 / parts.length),
  );
}

/** Variance of the mean network over that of one network: below 1 where networks err on different films. */
function averagingEffect(networks: readonly Placements[], placed: Placements): number {
  const single = mean(networks.map(independentVariance));
  return single > 0 ? Math.max(1 / networks.length, independentVariance(placed) / single) : 1;
}

function varianceOfMean(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

/** Student's t at 97.5 % with Satterthwaite's degrees of freedom; the films' variance counts as known. */
function quantileOf(known: number, parts: readonly { variance: number; freedom: number }[]): number {
  const estimated = parts.filter(({ variance }) => variance > 0);
  if (estimated.length === 0) return Z;
  const total = estimated.reduce((sum, { variance }) => sum + variance, known);
  const spread = estimated.reduce((sum, { variance, freedom }) => sum + variance ** 2 / freedom, 0);
  return studentQuantile(0.975, total ** 2 / spread);
}

function clamp(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
