import { tridiagonalEigenvalues } from './tridiagonal-eigenvalues.ts';

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
