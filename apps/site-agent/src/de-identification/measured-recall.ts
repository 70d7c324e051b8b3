/** A share of n with its 95 % Wilson interval. */
export type Proportion = { hits: number; n: number; low: number; high: number };

/** What docs/decisions/burned-in-text.md measured, on films that no limit was chosen on. */
export const MEASURED_RECALL = {
  films: { hits: 154, n: 155, low: 0.964, high: 0.999 },
  /** More than half of its ink covered. */
  texts: { hits: 287, n: 290, low: 0.97, high: 0.996 },
  alarms: { hits: 4, n: 153, low: 0.01, high: 0.065 },
} as const satisfies Record<string, Proportion>;
