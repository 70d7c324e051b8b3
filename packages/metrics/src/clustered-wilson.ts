import { assertGroups, rowsByGroup } from './groups.ts';
import { normalQuantile, studentQuantile } from './normal-distribution.ts';
import { wilsonInterval } from './wilson-interval.ts';

const CORRELATION_MIN = 0.35; // of a patient's films: fewer than some forty patients show it too low too often

/**
 * 95 % interval of a share of films, several of which are of one patient: Wilson's with as many independent films as the share is
 * worth (Rao & Scott 1992). Their number is n over the design effect: the share's variance between patients (linearised, each
 * patient's leverage taken off) over the binomial one. The design effect is at least that of films of a patient that correlate by
 * .35, since the variance of few patients often comes out low; films are fewer still by (1.96 / t)² for Student's t (Korn &
 * Graubard 1998) of as many patients as (Σ films)² / Σ films² counts. Where all films agree nothing is known: that many it is then.
 * Calibrated by simulation. Throws a MetricError unless there is one group a film and two of them.
 */
export function clusteredWilsonInterval(
  hits: readonly boolean[],
  groups: readonly string[],
): { ciLow: number; ciHigh: number } {
  assertGroups(groups, hits.length);
  const patients = rowsByGroup(groups);
  const share = hits.filter(Boolean).length / hits.length;
  const worth = worthOf(hits, patients, share);
  return wilsonInterval(share * worth, worth);
}

function worthOf(hits: readonly boolean[], patients: readonly number[][], share: number): number {
  const n = hits.length;
  const meanSize = patients.reduce((sum, rows) => sum + rows.length ** 2, 0) / n; // of the patient of a film
  const count = n / meanSize;
  if (share === 0 || share === 1) return count;
  const binomial = (share * (1 - share)) / n;
  const least = binomial * (1 + CORRELATION_MIN * (meanSize - 1));
  const sure = (normalQuantile(0.975) / studentQuantile(0.975, Math.max(1, count - 1))) ** 2;
  return Math.max(1, (n * binomial * sure) / Math.max(least, varianceOf(hits, patients, share)));
}

function varianceOf(hits: readonly boolean[], patients: readonly number[][], share: number): number {
  const n = hits.length;
  const squares = patients.map((rows) => {
    const excess = rows.reduce((total, row) => total + Number(hits[row]) - share, 0);
    return excess ** 2 / (1 - rows.length / n);
  });
  return squares.reduce((sum, square) => sum + square, 0) / n ** 2;
}
