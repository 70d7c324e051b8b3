/** A share of n with its 95 % Wilson interval. */
export type Proportion = { hits: number; n: number; low: number; high: number };

/** What docs/decisions/burned-in-text.md measured, and on which films. */
export const MEASURED_RECALL = {
  films: { hits: 310, n: 312, low: 0.977, high: 0.998 },
  /** More than half of its ink covered. */
  texts: { hits: 565, n: 583, low: 0.952, high: 0.98 },
  alarms: { hits: 17, n: 312, low: 0.034, high: 0.086 },
} as const satisfies Record<string, Proportion>;
