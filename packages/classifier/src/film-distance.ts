/**
 * Squared Mahalanobis distance from the rows' mean, with Ledoit and Wolf's (2004) covariance: it holds with more columns than
 * rows. Rows are of one length, two at least. Deterministic.
 */
export function fitDistance(rows: readonly Float64Array[]): (row: Float64Array) => number {
  const mean = rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
  const centred = rows.map((row) => row.map((v, i) => v - mean[i]!));
  const factor = choleskyFactor(shrunkCovariance(centred));
  return (row) =>
    solveLower(
      factor,
      row.map((v, i) => v - mean[i]!),
    ).reduce((sum, v) => sum + v * v, 0);
}

/** (1 − λ) S + λ m I as lower rows, S = XᵀX / n, m its mean variance and λ as in Ledoit & Wolf (2004), lemma 3.3 ff. */
function shrunkCovariance(centred: readonly Float64Array[]): Float64Array[] {
  const [count, width] = [centred.length, centred[0]!.length];
  const lower = Array.from({ length: width }, (_, i) => new Float64Array(i + 1));
  for (const row of centred)
    for (let i = 0; i < width; i++) {
      const [into, factor] = [lower[i]!, row[i]! / count];
      for (let j = 0; j <= i; j++) into[j]! += factor * row[j]!;
    }
  const variance = lower.reduce((sum, row) => sum + row.at(-1)!, 0) / width;
  const norm = lower.reduce((sum, row, i) => sum + 2 * squares(row) - row[i]! ** 2, 0); // ‖S‖²
  const spread = centred.reduce((sum, row) => sum + squares(row) ** 2, 0) / count - norm; // of x xᵀ around S
  const lambda = Math.min(1, Math.max(1e-3, spread / count / (norm - width * variance ** 2)));
  return lower.map((row, i) => row.map((v, j) => (1 - lambda) * v + (i === j ? lambda * variance : 0)));
}

const squares = (row: Float64Array) => row.reduce((sum, v) => sum + v * v, 0);

/** L with L Lᵀ = the symmetric matrix whose lower rows are given. */
function choleskyFactor(lower: readonly Float64Array[]): Float64Array[] {
  const factor = lower.map((row) => row.slice());
  for (let i = 0; i < factor.length; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [factor[i]!, factor[j]!];
      let sum = a[j]!;
      for (let k = 0; k < j; k++) sum -= a[k]! * b[k]!;
      a[j] = i === j ? Math.sqrt(sum) : sum / b[j]!;
    }
  return factor;
}

/** L⁻¹ x. */
function solveLower(factor: readonly Float64Array[], x: Float64Array): Float64Array {
  const out = x.slice();
  for (let i = 0; i < out.length; i++) {
    const row = factor[i]!;
    let sum = out[i]!;
    for (let k = 0; k < i; k++) sum -= row[k]! * out[k]!;
    out[i] = sum / row[i]!;
  }
  return out;
}
