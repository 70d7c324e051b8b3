import { assertComparable, type Features, toFloat64 } from './features.ts';
import { multiplyTransposed } from './linear-algebra.ts';

/**
 * Kernel distance (KID when the features are Inception's; Bińkowski et al. 2018): the unbiased estimate of the squared MMD
 * with k(x, y) = (x·y/d + 1)³ over the full sets. Unbiased, so it may be slightly below 0 for equal distributions.
 * Throws a MetricError on unequal widths, fewer than two rows or values that aren't finite.
 */
export function kernelDistance(real: Features, fake: Features): number {
  assertComparable(real, fake);
  return distanceFromKernels(kernelMatrices(real, fake));
}

/** Kernel values within and across two sets: xx [n, n], yy [m, m], xy [n, m]. */
export type KernelMatrices = { xx: Float64Array; yy: Float64Array; xy: Float64Array; n: number; m: number };

export function kernelMatrices(real: Features, fake: Features): KernelMatrices {
  const x = toFloat64(real);
  const y = toFloat64(fake);
  const kernel = (left: typeof x, right: typeof x) =>
    multiplyTransposed(left, right).map((dot) => (dot / left.columns + 1) ** 3);
  return { xx: kernel(x, x), yy: kernel(y, y), xy: kernel(x, y), n: x.rows, m: y.rows };
}

/** The estimate: means over pairs of different rows within each set, less twice the mean over pairs across. */
export function distanceFromKernels({ xx, yy, xy, n, m }: KernelMatrices): number {
  const across = sum(rowSums(xy, n, m)) / (n * m);
  return meanOfPairs(xx, n) + meanOfPairs(yy, m) - 2 * across;
}

function meanOfPairs(within: Float64Array, n: number): number {
  return sum(pairSums(within, n)) / (n * (n - 1));
}

/** Sum of each row. → [rows] */
export function rowSums(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) sums[i]! += matrix[i * columns + j]!;
  }
  return sums;
}

/** Sum of each row of a square without its diagonal. → [n] */
export function pairSums(square: Float64Array, n: number): Float64Array {
  return rowSums(square, n, n).map((total, i) => total - square[i * n + i]!);
}

export function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
