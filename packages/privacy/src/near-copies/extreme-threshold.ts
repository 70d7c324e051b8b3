/**
 * The value that a share `tail` of look-alike scores exceeds, extrapolated: Gumbel's distribution of maxima is fitted to the
 * quartiles of `scores`, each the best of many matches, and read at 1 − tail. A hundred held-out films hold no 99.9th percentile
 * to count off. Only the quartiles are used because a hold-out may hold real copies (one patient under two names), and they'd
 * raise a threshold read from the top; up to a quarter of such films leaves this one alone.
 */
export function extremeThreshold(scores: readonly number[], tail: number): number {
  const sorted = Float64Array.from(scores).sort();
  const [lower, upper] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const scale = (upper - lower) / (gumbelQuantile(0.75) - gumbelQuantile(0.25));
  const location = lower - scale * gumbelQuantile(0.25);
  return location + scale * gumbelQuantile(1 - tail);
}

function gumbelQuantile(probability: number): number {
  return -Math.log(-Math.log(probability));
}

function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}
