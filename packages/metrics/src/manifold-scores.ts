import { assertComparable, assertEqualCounts, type Features, toFloat64 } from './features.ts';
import { squaredDistances } from './linear-algebra.ts';
import { MetricError } from './metric-error.ts';

/**
 * Precision and recall by k nearest neighbours (Kynkäänniemi et al. 2019): the share of fakes within the ball of any real
 * image, and the share of reals within the ball of any fake; a ball reaches its centre's k-th neighbour, border included (≤).
 * Both sets must have the same count (`unequal-counts`) and more than k rows. Range [0, 1].
 */
export function precisionRecall(
  real: Features,
  fake: Features,
  { k = 3 }: { k?: number } = {},
): { precision: number; recall: number } {
  assertEqualCounts(real, fake);
  const { precision, recall } = manifoldScores(neighbourDistances(real, fake), { k, inclusive: true });
  return { precision, recall };
}

/**
 * Density and coverage (Naeem et al. 2020): the mean number of real balls around a fake, over k, and the share of real balls
 * that hold a fake; border excluded (<). Same demands as precisionRecall. Density [0, rows/k], coverage [0, 1].
 */
export function densityCoverage(
  real: Features,
  fake: Features,
  { k = 5 }: { k?: number } = {},
): { density: number; coverage: number } {
  assertEqualCounts(real, fake);
  const { density, coverage } = manifoldScores(neighbourDistances(real, fake), { k, inclusive: false });
  return { density, coverage };
}

/** Squared distances within and across two sets: xx [n, n], yy [m, m], xy [n, m]. */
export type NeighbourDistances = {
  xx: Float64Array;
  yy: Float64Array;
  xy: Float64Array;
  n: number;
  m: number;
};

export function neighbourDistances(real: Features, fake: Features): NeighbourDistances {
  assertComparable(real, fake);
  const x = toFloat64(real);
  const y = toFloat64(fake);
  return {
    xx: squaredDistances(x, x),
    yy: squaredDistances(y, y),
    xy: squaredDistances(x, y),
    n: x.rows,
    m: y.rows,
  };
}

export type ManifoldScores = { precision: number; recall: number; density: number; coverage: number };

/** All four scores over the rows that are kept (all by default). `inclusive` counts a point on the border as inside. */
export function manifoldScores(
  distances: NeighbourDistances,
  { k, inclusive }: { k: number; inclusive: boolean },
  realRows: Int32Array = everyRow(distances.n),
  fakeRows: Int32Array = everyRow(distances.m),
): ManifoldScores {
  const realRadii = neighbourRadii(distances.xx, distances.n, realRows, k);
  const fakeRadii = neighbourRadii(distances.yy, distances.m, fakeRows, k);
  const fakeInReal = new Int32Array(fakeRows.length); // how many real balls hold this fake
  const realInFake = new Int32Array(realRows.length);
  const ballHolds = new Int32Array(realRows.length); // how many fakes this real ball holds
  realRows.forEach((realRow, i) => {
    fakeRows.forEach((fakeRow, j) => {
      const distance = distances.xy[realRow * distances.m + fakeRow]!;
      const inReal = inclusive ? distance <= realRadii[i]! : distance < realRadii[i]!;
      const inFake = inclusive ? distance <= fakeRadii[j]! : distance < fakeRadii[j]!;
      if (inReal) fakeInReal[j]! += 1;
      if (inReal) ballHolds[i]! += 1;
      if (inFake) realInFake[i]! += 1;
    });
  });
  return {
    precision: shareAboveZero(fakeInReal),
    recall: shareAboveZero(realInFake),
    density: fakeInReal.reduce((sum, count) => sum + count, 0) / (k * fakeRows.length),
    coverage: shareAboveZero(ballHolds),
  };
}

function everyRow(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => row);
}

/** Squared distance of each kept row to its k-th neighbour among the kept rows, itself not counted. */
function neighbourRadii(within: Float64Array, n: number, rows: Int32Array, k: number): Float64Array {
  if (!Number.isInteger(k) || k < 1)
    throw new MetricError('bad-option', `k must be a positive integer, not ${k}.`);
  if (rows.length <= k) {
    throw new MetricError(
      'too-few-samples',
      `k = ${k} neighbours need more than ${k} images, not ${rows.length}.`,
    );
  }
  const others = new Float64Array(rows.length - 1);
  return Float64Array.from(rows, (row, position) => {
    let at = 0;
    for (let other = 0; other < rows.length; other++) {
      if (other !== position) others[at++] = within[row * n + rows[other]!]!;
    }
    return others.sort()[k - 1]!;
  });
}

function shareAboveZero(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) / counts.length;
}
