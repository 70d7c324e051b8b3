import type { Features } from './features.ts';

type Wide = Features & { data: Float64Array };

/** X·Yᵀ for row-major X [n, d] and Y [m, d]. → [n, m]. Two by two rows at a time, so each value loaded is used twice. */
export function multiplyTransposed(x: Wide, y: Wide): Float64Array {
  const product = new Float64Array(x.rows * y.rows);
  for (let i = 0; i < x.rows; i += 2) {
    for (let j = x === y ? i : 0; j < y.rows; j += 2) fillBlock(product, x, y, i, j);
  }
  if (x === y) mirrorUpper(product, x.rows);
  return product;
}

function mirrorUpper(square: Float64Array, n: number): void {
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) square[i * n + j] = square[j * n + i]!;
  }
}

function fillBlock(product: Float64Array, x: Wide, y: Wide, i: number, j: number): void {
  const d = x.columns;
  const i2 = Math.min(i + 1, x.rows - 1); // an odd last row is computed twice, and written once more
  const j2 = Math.min(j + 1, y.rows - 1);
  let [a, b, c, e] = [0, 0, 0, 0];
  let [p, q, r, s] = [i * d, i2 * d, j * d, j2 * d];
  for (let k = 0; k < d; k++) {
    const left = x.data[p++]!;
    const left2 = x.data[q++]!;
    const right = y.data[r++]!;
    const right2 = y.data[s++]!;
    a += left * right;
    b += left * right2;
    c += left2 * right;
    e += left2 * right2;
  }
  product[i * y.rows + j] = a;
  product[i * y.rows + j2] = b;
  product[i2 * y.rows + j] = c;
  product[i2 * y.rows + j2] = e;
}

/**
 * Squared Euclidean distances between the rows of X [n, d] and Y [m, d]. → [n, m].
 * Sums squared differences in one fixed order, so that the distance of two equal pairs is equal to the last bit, which the
 * form ‖x‖² + ‖y‖² − 2x·y isn't: ≤ and < on ties (exact copies) depend on it.
 */
export function squaredDistances(x: Wide, y: Wide): Float64Array {
  const distances = new Float64Array(x.rows * y.rows);
  for (let i = 0; i < x.rows; i++) {
    for (let j = x === y ? i + 1 : 0; j < y.rows; j++) {
      distances[i * y.rows + j] = squaredDistance(x.data, y.data, i * x.columns, j * x.columns, x.columns);
    }
  }
  if (x === y) mirrorUpper(distances, x.rows);
  return distances;
}

function squaredDistance(x: Float64Array, y: Float64Array, from: number, to: number, d: number): number {
  let [even, odd] = [0, 0];
  let k = 0;
  for (; k + 1 < d; k += 2) {
    const first = x[from + k]! - y[to + k]!;
    const second = x[from + k + 1]! - y[to + k + 1]!;
    even += first * first;
    odd += second * second;
  }
  if (k < d) even += (x[from + k]! - y[to + k]!) ** 2;
  return even + odd;
}
