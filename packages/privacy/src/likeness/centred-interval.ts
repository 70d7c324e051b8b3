import type { Estimate } from '@synspine/audit-rules';

/**
 * 95 % interval of a statistic from its bootstrap draws, their percentiles moved so that their mean falls on the statistic: drawing
 * with replacement leaves a third of the patients out, which shifts nearest distances and maxima, but hardly their spread.
 */
export function centredInterval(
  statistic: number,
  draws: readonly number[],
  low: number,
  high: number,
): Estimate {
  const sorted = Float64Array.from(draws).sort();
  const mean = sorted.reduce((sum, draw) => sum + draw, 0) / sorted.length;
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]! - mean + statistic;
  return { statistic, ciLow: Math.max(low, at(0.025)), ciHigh: Math.min(high, at(0.975)) };
}
