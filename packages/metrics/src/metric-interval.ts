import { assertComparable, type Features } from './features.ts';
import { frechetDistance } from './frechet-distance.ts';
import { subsetFrechet } from './frechet-subsets.ts';
import { groupedRows, jackknife } from './jackknife.ts';
import { distanceFromKernels, kernelMatrices } from './kernel-distance.ts';
import { distanceVariance } from './kernel-variance.ts';
import { type ManifoldScores, manifoldScores, neighbourDistances } from './manifold-scores.ts';
import { normalQuantile, studentQuantile } from './normal-distribution.ts';
import { wilsonInterval } from './wilson-interval.ts';

/** A score with its 95 % interval; sampling error of both sets is in it. */
export type MetricInterval = { value: number; ciLow: number; ciHigh: number; standardError: number };

export type IntervalOptions = {
  /** Patient of each real row. */
  realGroups: readonly string[];
  /** Group of each fake row; by default each fake stands alone, as its latent was drawn independently. */
  fakeGroups?: readonly string[];
  seed: number;
};

/**
 * FID with a 95 % interval by the delete-a-group jackknife over patients (20 blocks a side, Student's t).
 * Not a bootstrap: one repeats images, which lowers the rank of the covariances, so its replicates all score far above the
 * sample itself. The interval is about the expected FID at this n, bias included: set it beside the floor at the same n only.
 */
export function frechetInterval(real: Features, fake: Features, options: IntervalOptions): MetricInterval {
  assertComparable(real, fake);
  const score = subsetFrechet(real, fake);
  const counts = { real: real.rows, fake: fake.rows };
  const [fid] = jackknife(counts, options, (realRows, fakeRows) => [score(realRows, fakeRows)]);
  return studentInterval({ ...fid!, value: frechetDistance(real, fake) });
}

/**
 * KID with a 95 % interval of draws of patients: all θ with |KID − θ| ≤ t·√(V₂ + V₁·θ/KID), see `distanceVariance`. V₁ grows with
 * the true distance as a binomial variance does with its share, so that an interval from its estimate alone would be too narrow
 * wherever the estimate came out low. About the expected KID of such sets: where a patient has several images, those are a little
 * more alike than images of two.
 */
export function kernelInterval(real: Features, fake: Features, options: IntervalOptions): MetricInterval {
  assertComparable(real, fake);
  const groups = groupedRows({ real: real.rows, fake: fake.rows }, options);
  const kernels = kernelMatrices(real, fake);
  const value = distanceFromKernels(kernels);
  const { alone, pairs } = distanceVariance(kernels, groups);
  const t = studentQuantile(0.975, Math.min(groups.realGroups.length, groups.fakeGroups.length) - 1);
  const slope = (t * t * alone) / Math.max(value, Math.sqrt(pairs), Number.MIN_VALUE) / 2;
  const reach = Math.sqrt(Math.max(0, 2 * slope * value + slope * slope + t * t * pairs));
  const low = value + slope - reach;
  return {
    value,
    ciLow: low >= 0 ? low : value - t * Math.sqrt(pairs), // below 0 only pairs vary
    ciHigh: value + slope + reach,
    standardError: Math.sqrt(alone + pairs),
  };
}

function studentInterval(of: { value: number; variance: number; freedom: number }): MetricInterval {
  const standardError = Math.sqrt(of.variance);
  const half = studentQuantile(0.975, of.freedom) * standardError;
  return { value: of.value, ciLow: of.value - half, ciHigh: of.value + half, standardError };
}

/**
 * Precision and recall (k = 3, ≤), density and coverage (k = 5, <) with 95 % intervals, from distances that are computed once.
 * Density: the delete-a-group jackknife over patients with Student's t. The three shares: Wilson's interval, which has width at 0
 * and 1, with as many independent images as their variance is worth (see `shareInterval`). Intervals are about the expected score
 * at these counts over draws of both sets. (In a bootstrap, repeated images would shrink the balls to nothing.)
 * Unlike precisionRecall it takes sets of unequal size; compare scores of equal sizes only.
 */
export function manifoldIntervals(
  real: Features,
  fake: Features,
  options: IntervalOptions,
): Record<keyof ManifoldScores, MetricInterval> {
  const distances = neighbourDistances(real, fake);
  const counts = { real: real.rows, fake: fake.rows };
  const { realGroups, fakeGroups } = groupedRows(counts, options);
  const perImage =
    1 / Math.sqrt(real.rows * realGroups.length) + 1 / Math.sqrt(fake.rows * fakeGroups.length);
  const [precision, recall, density, coverage] = jackknife(counts, options, (realRows, fakeRows) => {
    const balls = manifoldScores(distances, { k: 3, inclusive: true }, realRows, fakeRows);
    const overlaps = manifoldScores(distances, { k: 5, inclusive: false }, realRows, fakeRows);
    return [balls.precision, balls.recall, overlaps.density, overlaps.coverage];
  });
  const denseness = studentInterval(density!);
  return {
    precision: shareInterval(precision!, perImage),
    recall: shareInterval(recall!, perImage),
    density: { ...denseness, ciLow: Math.max(0, denseness.ciLow) },
    coverage: shareInterval(coverage!, perImage),
  };
}

/**
 * Wilson's interval of a share whose images depend on each other through shared balls. Its variance is share · (1 − share) times the
 * larger of two: `perImage`, since drawing either set anew moves a share about as much as drawing its own images would (calibrated by
 * simulation; each set counts with the geometric mean of its images and patients); and half the jackknife's, which counts what two
 * patients do together twice (Efron & Stein 1981) and finds the few balls that hold much.
 */
function shareInterval(of: { value: number; variance: number }, perImage: number): MetricInterval {
  const spread = of.value * (1 - of.value);
  const worth = Math.max(1, 1 / Math.max(perImage, spread > 0 ? of.variance / 2 / spread : 0));
  const interval = wilsonInterval(of.value * worth, worth);
  return { value: of.value, ...interval, standardError: (interval.ciHigh - interval.ciLow) / 2 / Z };
}

const Z = normalQuantile(0.975);
