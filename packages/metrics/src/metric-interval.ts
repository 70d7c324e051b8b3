import { seededRandom } from '@synspine/compute';
import { assertComparable, centre, columnMeans, type Features, selectRows } from './features.ts';
import { combine, frechetDistance, squaredGap, sumOfSquares } from './frechet-distance.ts';
import { drawGroups } from './groups.ts';
import { groupedRows, jackknifeIntervals } from './jackknife.ts';
import { distanceFromKernels, kernelMatrices } from './kernel-distance.ts';
import { multiplyTransposed } from './linear-algebra.ts';
import { type ManifoldScores, manifoldScores, neighbourDistances } from './manifold-scores.ts';
import { nuclearNorm } from './nuclear-norm.ts';

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
  return jackknifeIntervals(counts, options, (realRows, fakeRows) => [score(realRows, fakeRows)])[0]!;
}

/**
 * KID with a 95 % percentile interval by the bootstrap over patients (500 repeats by default), from kernel matrices that are
 * computed once. A pair of an image with itself never counts, see distanceFromKernels.
 */
export function kernelInterval(
  real: Features,
  fake: Features,
  { repeats = 500, ...options }: IntervalOptions & { repeats?: number },
): MetricInterval {
  assertComparable(real, fake);
  const { realGroups, fakeGroups } = groupedRows({ real: real.rows, fake: fake.rows }, options);
  const kernels = kernelMatrices(real, fake);
  const random = seededRandom(options.seed);
  const draws = Float64Array.from({ length: repeats }, () => {
    const realWeights = drawGroups(realGroups, real.rows, random);
    return distanceFromKernels(kernels, realWeights, drawGroups(fakeGroups, fake.rows, random));
  }).filter(Number.isFinite); // a draw of one image alone has no pairs
  return percentileInterval(distanceFromKernels(kernels), draws);
}

/**
 * Precision and recall (k = 3, ≤), density and coverage (k = 5, <) with 95 % intervals by the delete-a-group jackknife over
 * patients, from distances that are computed once. (In a bootstrap, repeated images would shrink the balls to nothing.)
 * Unlike precisionRecall it takes sets of unequal size; compare scores of equal sizes only.
 */
export function manifoldIntervals(
  real: Features,
  fake: Features,
  options: IntervalOptions,
): Record<keyof ManifoldScores, MetricInterval> {
  const distances = neighbourDistances(real, fake);
  const counts = { real: real.rows, fake: fake.rows };
  const intervals = jackknifeIntervals(counts, options, (realRows, fakeRows) => {
    const balls = manifoldScores(distances, { k: 3, inclusive: true }, realRows, fakeRows);
    const overlaps = manifoldScores(distances, { k: 5, inclusive: false }, realRows, fakeRows);
    return [balls.precision, balls.recall, overlaps.density, overlaps.coverage];
  });
  const [precision, recall, density, coverage] = intervals as [
    MetricInterval,
    MetricInterval,
    MetricInterval,
    MetricInterval,
  ];
  return {
    precision: cutToShare(precision),
    recall: cutToShare(recall),
    density: { ...density, ciLow: Math.max(0, density.ciLow) },
    coverage: cutToShare(coverage),
  };
}

function cutToShare(interval: MetricInterval): MetricInterval {
  return { ...interval, ciLow: Math.max(0, interval.ciLow), ciHigh: Math.min(1, interval.ciHigh) };
}

/** Bounds at the 2.5th and 97.5th percentile of the draws. */
function percentileInterval(value: number, draws: Float64Array): MetricInterval {
  const sorted = draws.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const mean = sorted.reduce((sum, draw) => sum + draw, 0) / sorted.length;
  const squares = sorted.reduce((sum, draw) => sum + (draw - mean) ** 2, 0);
  return {
    value,
    ciLow: at(0.025),
    ciHigh: at(0.975),
    standardError: Math.sqrt(squares / (sorted.length - 1)),
  };
}

/**
 * FID of row subsets. The product X·Yᵀ, the costly part when rows are wide, is made once: that of a subset is a submatrix, to be
 * centred anew. Where rows are narrower than the sets are long, starting over is cheaper.
 */
function subsetFrechet(
  real: Features,
  fake: Features,
): (realRows: Int32Array, fakeRows: Int32Array) => number {
  if (Math.max(real.rows, fake.rows) > real.columns) {
    return (realRows, fakeRows) => frechetDistance(selectRows(real, realRows), selectRows(fake, fakeRows));
  }
  const origin = columnMeans(real); // near both means, so that centring the product cancels little
  const x = centre(real, origin);
  const y = centre(fake, origin);
  const product = multiplyTransposed(x, y);
  return (realRows, fakeRows) => {
    const realPart = moments(selectRows(x, realRows));
    const fakePart = moments(selectRows(y, fakeRows));
    const cross = centredSubmatrix(product, y.rows, realRows, fakeRows);
    const norm = nuclearNorm(cross, realRows.length, fakeRows.length);
    const gap = squaredGap(realPart.means, fakePart.means);
    return combine(gap, realPart.trace + fakePart.trace, norm, realRows.length, fakeRows.length);
  };
}

function moments(features: Features): { means: Float64Array; trace: number } {
  const means = columnMeans(features);
  return { means, trace: sumOfSquares(centre(features, means).data) / (features.rows - 1) };
}

/** Rows and columns of a matrix, less the row means and column means of what was chosen. → [rows, columns] */
function centredSubmatrix(
  matrix: Float64Array,
  width: number,
  rows: Int32Array,
  columns: Int32Array,
): Float64Array {
  const chosen = new Float64Array(rows.length * columns.length);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      chosen[i * columns.length + j] = matrix[row * width + column]!;
    });
  });
  const across = { data: chosen, rows: rows.length, columns: columns.length };
  const columnCentred = centre(across, columnMeans(across)).data;
  for (let start = 0; start < columnCentred.length; start += columns.length) {
    const row = columnCentred.subarray(start, start + columns.length);
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    for (let j = 0; j < row.length; j++) row[j]! -= mean;
  }
  return columnCentred;
}
