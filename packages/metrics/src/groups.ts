import { MetricError } from './metric-error.ts';

/** Rows of each group (a patient, usually) in order of first appearance. Two films of a patient are never independent. */
export function rowsByGroup(groups: readonly string[]): number[][] {
  const rows = new Map<string, number[]>();
  groups.forEach((group, row) => {
    const known = rows.get(group);
    if (known) known.push(row);
    else rows.set(group, [row]);
  });
  return [...rows.values()];
}

/** Throws unless there is one group name per row and at least two groups. */
export function assertGroups(groups: readonly string[], rowCount: number): void {
  if (groups.length !== rowCount) {
    throw new MetricError(
      'shape-mismatch',
      `${groups.length} group names for ${rowCount} rows; pass one per image.`,
    );
  }
  if (new Set(groups).size < 2) {
    throw new MetricError('too-few-samples', 'An interval needs images of at least two patients.');
  }
}
