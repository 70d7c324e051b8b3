import { MetricError } from './metric-error.ts';
import { normalQuantile } from './normal-distribution.ts';

/**
 * Wilson's score interval for k successes in n trials (Wilson 1927). Bounds stay within [0, 1], and have width at k = 0 too.
 * `confidence` is two-sided. Throws a MetricError unless 0 ≤ k ≤ n and n ≥ 1; k needn't be whole (an effective count).
 */
export function wilsonInterval(k: number, n: number, confidence = 0.95): { ciLow: number; ciHigh: number } {
  if (!(n >= 1 && k >= 0 && k <= n)) {
    throw new MetricError(
      'bad-option',
      `${k} successes in ${n} trials is no share; pass 0 ≤ k ≤ n and n ≥ 1.`,
    );
  }
  const z = normalQuantile((1 + confidence) / 2);
  const share = k / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return { ciLow: k === 0 ? 0 : centre - half, ciHigh: k === n ? 1 : centre + half };
}
