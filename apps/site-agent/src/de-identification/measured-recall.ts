/** A share of n with its 95 % Wilson interval. */
export type Proportion = { hits: number; n: number; low: number; high: number };

/** What docs/decisions/burned-in-text.md measured, on films that no limit was chosen on. */
export const MEASURED_RECALL = {
  films: { hits: 88, n: 89, low: 0.939, high: 0.998 },
  /** More than half of its ink covered. */
  texts: { hits: 151, n: 154, low: 0.944, high: 0.993 },
  alarms: { hits: 3, n: 85, low: 0.012, high: 0.099 },
} as const satisfies Record<string, Proportion>;
