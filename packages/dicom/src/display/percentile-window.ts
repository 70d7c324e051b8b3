import type { Window } from './window.ts';

/** How much of a film may be darker or lighter than what is shown: markers and collimator edges, but no anatomy. */
const TAIL = 0.005;

/**
 * The window of a film that brings none: from its 0.5th to its 99.5th percentile.
 *
 * @param values modality value of each possible stored value
 * @param counts how often each stored value occurs, padding left out
 * @returns null when the film has no contrast
 */
export function findPercentileWindow(values: Float64Array, counts: Uint32Array): Window | null {
  const order = [...counts.keys()].filter((i) => counts[i]! > 0).sort((a, b) => values[a]! - values[b]!);
  const total = order.reduce((sum, i) => sum + counts[i]!, 0);
  const low = findQuantile(order, values, counts, TAIL * total);
  const high = findQuantile(order, values, counts, (1 - TAIL) * total);
  if (low === null || high === null || low >= high) return null;
  return { centre: (low + high) / 2, width: high - low, function: 'LINEAR_EXACT' };
}

/** The lowest value that, with all below it, holds at least `rank` pixels. */
function findQuantile(
  order: number[],
  values: Float64Array,
  counts: Uint32Array,
  rank: number,
): number | null {
  let seen = 0;
  for (const i of order) {
    seen += counts[i]!;
    if (seen >= rank) return values[i]!;
  }
  return null;
}
