import { assertComparable, centre, columnMeans, type Features } from './features.ts';
import { multiplyTransposed } from './linear-algebra.ts';
import { nuclearNorm, triangularFactor } from './nuclear-norm.ts';

/**
 * Fréchet distance of two Gaussians fitted to feature sets (FID when the features are Inception's; Heusel et al. 2017):
 * ‖μ₁−μ₂‖² + tr S₁ + tr S₂ − 2·tr (S₁S₂)^½, covariances with N−1, all in float64. Range [0, ∞), 0 for equal sets.
 *
 * No matrix square root is formed. With centred rows X [n, d] and Y [m, d], tr (S₁S₂)^½ is the sum of the singular values of
 * X·Yᵀ divided by √((n−1)(m−1)). A set with more rows than columns is first replaced by the R of its QR decomposition, which
 * leaves those singular values alone, so the matrix is never larger than d × d.
 * Throws a MetricError on unequal widths, fewer than two rows or values that aren't finite.
 */
export function frechetDistance(real: Features, fake: Features): number {
  assertComparable(real, fake);
  const realMeans = columnMeans(real);
  const fakeMeans = columnMeans(fake);
  const x = centre(real, realMeans);
  const y = centre(fake, fakeMeans);
  const traces = sumOfSquares(x.data) / (real.rows - 1) + sumOfSquares(y.data) / (fake.rows - 1);
  const shortX = reduceRows(x);
  const shortY = reduceRows(y);
  const norm = nuclearNorm(multiplyTransposed(shortX, shortY), shortX.rows, shortY.rows);
  return combine(squaredGap(realMeans, fakeMeans), traces, norm, real.rows, fake.rows);
}

/** Puts the parts together; rounding may leave a tiny negative number for equal sets, which is 0. */
export function combine(gap: number, traces: number, norm: number, n: number, m: number): number {
  return Math.max(0, gap + traces - (2 * norm) / Math.sqrt((n - 1) * (m - 1)));
}

/** Rows of the same Gram matrix, no more than columns; `features.data` is overwritten where it has more. */
export function reduceRows(features: Features & { data: Float64Array }): Features & { data: Float64Array } {
  const { rows, columns } = features;
  if (rows <= columns) return features;
  return { data: triangularFactor(features.data, rows, columns), rows: columns, columns };
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

export function squaredGap(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += (left[index]! - right[index]!) ** 2;
  return sum;
}
