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

/**
 * The estimate with integer weights per row (how often a bootstrap drew it). Pairs of a row with itself are left out
 * however often the row was drawn: two draws of one image aren't two images, and would bias the estimate upward.
 */
export function distanceFromKernels(
  kernels: KernelMatrices,
  realWeights: ArrayLike<number> = new Uint8Array(kernels.n).fill(1),
  fakeWeights: ArrayLike<number> = new Uint8Array(kernels.m).fill(1),
): number {
  const across = weightedMean(kernels.xy, realWeights, fakeWeights, false);
  const within =
    weightedMean(kernels.xx, realWeights, realWeights, true) +
    weightedMean(kernels.yy, fakeWeights, fakeWeights, true);
  return within - 2 * across;
}

function weightedMean(
  matrix: Float64Array,
  rowWeights: ArrayLike<number>,
  columnWeights: ArrayLike<number>,
  skipDiagonal: boolean,
): number {
  const columns = columnWeights.length;
  let [total, weight] = [0, 0];
  for (let i = 0; i < rowWeights.length; i++) {
    if (rowWeights[i] === 0) continue;
    let [rowTotal, rowWeight] = [0, 0];
    for (let j = 0; j < columns; j++) {
      if (skipDiagonal && i === j) continue;
      rowTotal += columnWeights[j]! * matrix[i * columns + j]!;
      rowWeight += columnWeights[j]!;
    }
    total += rowWeights[i]! * rowTotal;
    weight += rowWeights[i]! * rowWeight;
  }
  return total / weight;
}
