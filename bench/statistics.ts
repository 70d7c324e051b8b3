/** Median, and the smallest and the largest value: rounds are few, so the spread is given whole. */
export type Summary = { median: number; min: number; max: number; rounds: number };

/** Errors: when there is no value. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  if (n === 0)
    throw new Error(
      'No round was undisturbed: other processes kept the cores busy. Stop them and run again.',
    );
  const median = (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
  return { median, min: sorted[0]!, max: sorted[n - 1]!, rounds: n };
}
