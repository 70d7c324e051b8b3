/** A share of n with its 95 % Wilson interval. */
export type Proportion = { hits: number; n: number; low: number; high: number };

/** What docs/decisions/burned-in-text.md measured, and on which films. */
export const MEASURED_RECALL = {
  films: { hits: 300, n: 302, low: 0.976, high: 0.998 },
  /** More than half of its ink covered. */
  texts: { hits: 551, n: 562, low: 0.965, high: 0.989 },
  alarms: { hits: 10, n: 302, low: 0.018, high: 0.06 },
} as const satisfies Record<string, Proportion>;
