import { assertGroups, rowsByGroup } from './groups.ts';
import { normalQuantile, studentQuantile } from './normal-distribution.ts';
import { wilsonInterval } from './wilson-interval.ts';

/**
 * 95 % interval of a share of films, several of which are of one patient: Wilson's with as many independent films as the share is
 * worth (Rao & Scott 1992). Their number is n over the design effect, the share's variance between patients (linearised, with
 * C / (C − 1) of C patients) over the binomial one, and no more than n; shrunk by (1.96 / t)² for the few patients that the
 * variance is known from (Korn & Graubard 1998). Where all films agree nothing is known of it: then a patient counts as one film.
 * Throws a MetricError unless there is one group a film and two of them.
 */
export function clusteredWilsonInterval(
  hits: readonly boolean[],
  groups: readonly string[],
): { ciLow: number; ciHigh: number } {
  assertGroups(groups, hits.length);
  const patients = rowsByGroup(groups);
  const share = hits.filter(Boolean).length / hits.length;
  const worth = share === 0 || share === 1 ? patients.length : worthOf(hits, patients, share);
  return wilsonInterval(share * worth, worth);
}

function worthOf(hits: readonly boolean[], patients: readonly number[][], share: number): number {
  const count = patients.length;
  const squares = patients.reduce((sum, rows) => {
    const excess = rows.reduce((total, row) => total + Number(hits[row]) - share, 0);
    return sum + excess * excess;
  }, 0);
  const variance = (count / (count - 1)) * (squares / hits.length ** 2);
  const worth = Math.min(hits.length, (share * (1 - share)) / variance);
  const sure = (normalQuantile(0.975) / studentQuantile(0.975, count - 1)) ** 2;
  return Math.max(1, worth * sure);
}
