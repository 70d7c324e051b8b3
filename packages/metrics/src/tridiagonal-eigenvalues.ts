import { MetricError } from './metric-error.ts';

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
