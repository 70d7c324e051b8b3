import { normalQuantile } from '@synspine/metrics';

const FITTED = [0.1, 0.4]; // shares of the scores between which the first fit reads its width
const KEPT_TAIL = 0.001; // of a first, coarse fit: scores beyond it aren't look-alikes'

/**
 * The excess that a share `tail` of look-alikes reaches, extrapolated: hundreds of scores hold no 99.999th percentile to count off.
 * Correlations with the films of `patients` patients are near normal after Fisher's transform, and of n normal draws the best reaches
 * Φ⁻¹(1 − p/n) with a chance of p; the fifth best, which is taken off, hardly varies. Place and width are read at the upper quartile
 * and the upper tenth. Scores of real copies (one patient under two numbers) may be among them and would raise a threshold read so near
 * the top; a fit of Gumbel's distribution below the middle takes them out first, though every third score be one.
 */
export function extremeThreshold(scores: readonly number[], tail: number, patients: number): number {
  const sorted = [...scores].sort((a, b) => a - b);
  const lookAlikes = sorted.filter((score) => score <= gumbelThreshold(sorted, KEPT_TAIL));
  const [quartile, tenth] = [quantile(lookAlikes, 0.75), quantile(lookAlikes, 0.9)];
  const best = (chance: number) => -normalQuantile(chance / patients);
  const reach = (best(tail) - best(0.1)) / (best(0.1) - best(0.25));
  return tenth + (tenth - quartile) * reach;
}

function gumbelThreshold(sorted: readonly number[], tail: number): number {
  const [lower, upper] = FITTED.map((share) => quantile(sorted, share)) as [number, number];
  const [from, to] = FITTED.map(gumbelQuantile) as [number, number];
  const scale = (upper - lower) / (to - from);
  return lower + scale * (gumbelQuantile(1 - tail) - from);
}

function gumbelQuantile(probability: number): number {
  return -Math.log(-Math.log(probability));
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}
