import { z } from 'zod';

/** A figure with its 95 % interval. */
export type Estimate = { statistic: number; ciLow: number; ciHigh: number };

export const auditVerdict = z.enum(['pass', 'fail', 'undecided']);
export type AuditVerdict = z.infer<typeof auditVerdict>;

const PATIENTS_MAX = 1_000_000; // "more than anybody has" reads better than infinity in a report

/**
 * pass when the whole interval is within the limit, fail when it is wholly beyond (a leak is found), undecided in between.
 * `atMost` limits hold from above, `atLeast` ones from below; the limit itself is within. Anything that isn't a number fails.
 */
export function verdictOf(
  { ciLow, ciHigh }: Estimate,
  limit: number,
  direction: 'atMost' | 'atLeast',
): AuditVerdict {
  const [best, worst] =
    direction === 'atMost' ? [ciLow - limit, ciHigh - limit] : [limit - ciHigh, limit - ciLow];
  if (worst <= 0) return 'pass';
  if (best <= 0) return 'undecided';
  return 'fail'; // NaN compares false everywhere and ends here
}

/**
 * How many held-out patients would bring the interval to one side of the limit if the statistic stayed, as its width shrinks with the
 * square root of their number.
 */
export function patientsBySquareRoot(
  { statistic, ciLow, ciHigh }: Estimate,
  limit: number,
  patients: number,
): number {
  const reach = statistic < limit ? ciHigh - statistic : statistic - ciLow;
  const ratio = reach / Math.abs(limit - statistic);
  const needed = Math.ceil(patients * ratio * ratio);
  return Number.isFinite(needed) ? Math.min(PATIENTS_MAX, Math.max(patients + 1, needed)) : PATIENTS_MAX;
}
