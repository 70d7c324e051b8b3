import { tridiagonalEigenvalues } from './tridiagonal-eigenvalues.ts';

/**
 * Eigenvalues of a symmetric matrix [n, n], unsorted, with errors of ε times the largest: Householder's tridiagonalisation
 * (Golub & Van Loan, 8.3.1), then QL. Only the lower triangle is read, and it is overwritten.
 */
export function symmetricEigenvalues(a: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n);
  for (let end = n - 1; end >= 0; end--) {
    diagonal[end] = a[end * n + end]!;
    if (end > 0) beside[end - 1] = reflectLastRow(a, n, end);
  }
  return tridiagonalEigenvalues(diagonal, beside);
}

/** Zeroes row `end` left of its neighbour by a reflection of the leading [end, end] block; returns the new entry there. */
function reflectLastRow(a: Float64Array, n: number, end: number): number {
  const v = a.slice(end * n, end * n + end);
  let squares = 0;
  for (const value of v) squares += value * value;
  const norm = Math.sqrt(squares);
  if (norm === 0) return 0;
  const head = v[end - 1]!;
  const beside = head > 0 ? -norm : norm; // the sign that avoids cancellation
  v[end - 1] = head - beside;
  const scale = 1 / (norm * (norm + Math.abs(head))); // 2 / vᵀv
  const w = multiplySymmetric(a, n, v, scale);
  let along = 0;
  for (let i = 0; i < end; i++) along += v[i]! * w[i]!;
  for (let i = 0; i < end; i++) w[i]! -= (scale / 2) * along * v[i]!;
  subtractBoth(a, n, v, w);
  return beside;
}

/** scale · A·v for the leading block of a symmetric A, from its lower triangle. → [v.length] */
function multiplySymmetric(a: Float64Array, n: number, v: Float64Array, scale: number): Float64Array {
  const product = new Float64Array(v.length);
  for (let i = 0; i < v.length; i++) {
    const weight = scale * v[i]!;
    let dot = 0;
    for (let j = 0, at = i * n; j < i; j++, at++) {
      dot += a[at]! * v[j]!;
      product[j]! += weight * a[at]!;
    }
    product[i]! += scale * dot + weight * a[i * n + i]!;
  }
  return product;
}

/** A − v·wᵀ − w·vᵀ, in the lower triangle of the leading block. */
function subtractBoth(a: Float64Array, n: number, v: Float64Array, w: Float64Array): void {
  for (let i = 0; i < v.length; i++) {
    const [left, right] = [v[i]!, w[i]!];
    for (let j = 0, at = i * n; j <= i; j++, at++) a[at]! -= left * w[j]! + right * v[j]!;
  }
}
