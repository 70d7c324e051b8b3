import type { Features } from './features.ts';
import { MetricError } from './metric-error.ts';

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

/** The R factor [columns, columns] of a tall matrix [rows ≥ columns], by Householder reflections. `a` is overwritten. */
export function triangularFactor(a: Float64Array, rows: number, columns: number): Float64Array {
  for (let k = 0; k < columns; k++) reflectColumn(a, rows, columns, k);
  const factor = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++) factor[i * columns + j] = a[i * columns + j]!;
  }
  return factor;
}

/**
 * Sum of the singular values of a matrix [rows, columns] (its nuclear norm). `a` is overwritten.
 * Golub–Kahan bidiagonalisation; the singular values of the bidiagonal are the positive eigenvalues of the tridiagonal
 * matrix with a zero diagonal and the bidiagonal's entries interleaved beside it (Golub & Van Loan, 8.6.1). This keeps
 * errors at ε·σ₁, where eigenvalues of A·Aᵀ would leave √ε·σ₁ for each singular value that should be zero.
 */
export function nuclearNorm(a: Float64Array, rows: number, columns: number): number {
  if (rows < columns) return nuclearNorm(transpose(a, rows, columns), columns, rows);
  const beside = new Float64Array(2 * columns);
  for (let k = 0; k < columns; k++) {
    beside[2 * k] = reflectColumn(a, rows, columns, k);
    beside[2 * k + 1] = k + 1 < columns ? reflectRow(a, rows, columns, k) : 0;
  }
  const eigenvalues = tridiagonalEigenvalues(new Float64Array(2 * columns), beside);
  return eigenvalues.reduce((sum, value) => sum + Math.abs(value), 0) / 2;
}

function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  const flipped = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) flipped[j * rows + i] = a[i * columns + j]!;
  }
  return flipped;
}

/** Zeroes column k below the diagonal by a reflection from the left; returns the new diagonal entry. */
function reflectColumn(a: Float64Array, rows: number, columns: number, k: number): number {
  let norm = 0;
  for (let i = k; i < rows; i++) norm += a[i * columns + k]! ** 2;
  norm = Math.sqrt(norm);
  if (norm === 0) return 0;
  const head = a[k * columns + k]!;
  const diagonal = head > 0 ? -norm : norm; // the sign that avoids cancellation
  a[k * columns + k] = head - diagonal;
  const scale = 1 / (norm * (norm + Math.abs(head))); // 2 / vᵀv
  const along = new Float64Array(columns); // vᵀA, gathered row by row so that memory is read in order
  for (let i = k; i < rows; i++) addScaledRow(along, 0, a, i * columns, a[i * columns + k]!, k + 1, columns);
  for (let i = k; i < rows; i++) {
    addScaledRow(a, i * columns, along, 0, -scale * a[i * columns + k]!, k + 1, columns);
  }
  a[k * columns + k] = diagonal;
  return diagonal;
}

function addScaledRow(
  to: Float64Array,
  toStart: number,
  from: Float64Array,
  fromStart: number,
  factor: number,
  first: number,
  end: number,
): void {
  for (let j = first; j < end; j++) to[toStart + j]! += factor * from[fromStart + j]!;
}

/** Zeroes row k right of the superdiagonal by a reflection from the right; returns the new superdiagonal entry. */
function reflectRow(a: Float64Array, rows: number, columns: number, k: number): number {
  const row = a.slice(k * columns, (k + 1) * columns);
  let norm = 0;
  for (let j = k + 1; j < columns; j++) norm += row[j]! ** 2;
  norm = Math.sqrt(norm);
  if (norm === 0) return 0;
  const head = row[k + 1]!;
  const beside = head > 0 ? -norm : norm;
  row[k + 1] = head - beside;
  const scale = 1 / (norm * (norm + Math.abs(head)));
  for (let i = k + 1; i < rows; i++) {
    let dot = 0;
    for (let j = k + 1; j < columns; j++) dot += a[i * columns + j]! * row[j]!;
    addScaledRow(a, i * columns, row, 0, -scale * dot, k + 1, columns);
  }
  return beside;
}

const SWEEPS_MAX = 60; // per eigenvalue; two are usual

/**
 * Eigenvalues of a symmetric tridiagonal matrix with diagonal [n] and off-diagonal [n] (its last entry is ignored), by the
 * implicit QL method with Wilkinson shifts. Both arrays are overwritten; the eigenvalues come back unsorted.
 */
export function tridiagonalEigenvalues(diagonal: Float64Array, beside: Float64Array): Float64Array {
  const n = diagonal.length;
  beside[n - 1] = 0;
  for (let low = 0; low < n; low++) {
    for (let sweep = 0; ; sweep++) {
      const high = blockEnd(diagonal, beside, low);
      if (high === low) break;
      if (sweep === SWEEPS_MAX) {
        throw new MetricError(
          'not-converged',
          'An eigenvalue did not converge; check the features for extreme values.',
        );
      }
      sweepQl(diagonal, beside, low, high);
    }
  }
  return diagonal;
}

/** First index at or after `low` whose coupling to the next row is negligible against its neighbours and the whole. */
function blockEnd(diagonal: Float64Array, beside: Float64Array, low: number): number {
  let high = low;
  for (; high < diagonal.length - 1; high++) {
    const scale = Math.abs(diagonal[high]!) + Math.abs(diagonal[high + 1]!);
    const coupling = Math.abs(beside[high]!);
    if (coupling <= Number.EPSILON * scale || coupling < Number.MIN_VALUE / Number.EPSILON) break;
  }
  return high;
}

function sweepQl(diagonal: Float64Array, beside: Float64Array, low: number, high: number): void {
  const half = (diagonal[low + 1]! - diagonal[low]!) / (2 * beside[low]!);
  const root = Math.sqrt(half * half + 1);
  let bulge = diagonal[high]! - diagonal[low]! + beside[low]! / (half + (half >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sine * beside[i]!;
    const b = cosine * beside[i]!;
    const length = Math.sqrt(f * f + bulge * bulge);
    beside[i + 1] = length;
    if (length === 0) {
      diagonal[i + 1]! -= shift;
      beside[high] = 0;
      return;
    }
    sine = f / length;
    cosine = bulge / length;
    bulge = diagonal[i + 1]! - shift;
    const turn = (diagonal[i]! - bulge) * sine + 2 * cosine * b;
    shift = sine * turn;
    diagonal[i + 1] = bulge + shift;
    bulge = cosine * turn - b;
  }
  diagonal[low]! -= shift;
  beside[low] = bulge;
  beside[high] = 0;
}
