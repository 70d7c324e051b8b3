import { z } from 'zod';
import { type Range, rowOf, TEST_KEYS, type TestKey, type TestLimit } from './battery.ts';

/** Rules that receivers know: which tests there are and how far each limit may go. A site's policy names the rules it was written for. */
export const POLICY_VERSIONS = ['synspine-audit-2'] as const;

/** An acceptance is looked at again at least once a year. */
export const ACCEPTANCE_DAYS_MAX = 366;

/** P1: share of honest images that may exceed the near-copy threshold by chance. A smaller one raises the threshold: copies need be more alike. */
const NEAR_COPY_TAIL = { low: 0.0001, high: 0.01 };

const limits = z.strictObject({
  /** P0: share of planted copies that the detector must find, else the audit is void. */
  plantedFoundMin: z.number(),
  /** The same for images of fewer than 64 pixels a side. */
  plantedFoundMinSmall: z.number(),
  nearCopyTail: z
    .number()
    .min(NEAR_COPY_TAIL.low, `expected a number from ${NEAR_COPY_TAIL.low} on`)
    .max(NEAR_COPY_TAIL.high, `expected a number up to ${NEAR_COPY_TAIL.high}`),
  /** P1: near copies that may remain. */
  nearCopiesMax: z.number(),
  /** P2: share of synthetic images nearer to training than to held-out patients. */
  closenessShareMax: z.number(),
  /** P6: AUC of the best membership attack. */
  membershipAucMax: z.number(),
  /** P6: share of members named at 1 % false positives. */
  membershipRateMax: z.number(),
});

const isAcceptable = (key: string) => TEST_KEYS.some((known) => known === key && rowOf(known).acceptable);

/**
 * A test that may stay undecided for want of patients: why, and until when (the last day, UTC). It counts only where the estimate
 * itself is within the limit.
 */
export const acceptance = z.strictObject({
  test: z.enum(TEST_KEYS).refine(isAcceptable, 'this test can not be accepted undecided'),
  reason: z
    .string()
    .max(300)
    .refine((text) => text.trim().length >= 8, 'expected a reason of 8 to 300 characters'),
  expires: z.iso.date(),
});
export type Acceptance = z.infer<typeof acceptance>;

/** What a site's administration signed off: limits within the ranges of the table, and tests accepted by name. No default for any field. */
export const auditPolicy = z
  .strictObject({
    version: z.enum(POLICY_VERSIONS),
    limits,
    accept: z.array(acceptance).max(TEST_KEYS.length),
    /** Wider ranges, for trying the software on films that are public or drawn. Only a registry on loopback takes such releases. */
    demonstration: z.boolean(),
  })
  .superRefine((policy, context) => {
    for (const { limit, range } of TEST_KEYS.flatMap((key) => limitRanges(key, policy.demonstration))) {
      const [low, high] = range;
      if (policy.limits[limit] >= low && policy.limits[limit] <= high) continue;
      const message = `expected a number from ${low} to ${high}`;
      context.addIssue({ code: 'custom', path: ['limits', limit], message });
    }
    const accepted = policy.accept.map(({ test }) => test);
    if (new Set(accepted).size < accepted.length)
      context.addIssue({ code: 'custom', path: ['accept'], message: 'a test is accepted twice' });
  });
export type AuditPolicy = z.infer<typeof auditPolicy>;

/** What a policy may set as the limits of a test: one, or one more for small images. */
function limitRanges(key: TestKey, isDemonstration: boolean): { limit: TestLimit; range: Range }[] {
  const row = rowOf(key);
  return [row, ...(row.small ? [row.small] : [])].map(({ limit, range }) => ({
    limit,
    range: isDemonstration ? row.demonstrationRange : range,
  }));
}

/** The policy that ships with the agent: Synspine's own limits, nothing accepted. */
export const referencePolicy: AuditPolicy = {
  version: 'synspine-audit-2',
  limits: {
    plantedFoundMin: 0.95,
    plantedFoundMinSmall: 0.8,
    nearCopyTail: 0.001,
    nearCopiesMax: 0,
    closenessShareMax: 0.55,
    membershipAucMax: 0.6,
    membershipRateMax: 0.03,
  },
  accept: [],
  demonstration: false,
};

/** How an acceptance stands on a day: `tooLong` when it would go unseen for more than a year. */
export function acceptanceState({ expires }: Pick<Acceptance, 'expires'>, at: Date) {
  const days = daysLeft(expires, at);
  if (days < 0) return 'expired';
  return days > ACCEPTANCE_DAYS_MAX ? 'tooLong' : 'valid';
}

/** Whole days until the last day; negative after it. */
export function daysLeft(expires: string, at: Date): number {
  const today = Date.parse(`${at.toISOString().slice(0, 10)}T00:00:00Z`);
  return Math.round((Date.parse(`${expires}T00:00:00Z`) - today) / 86_400_000);
}

/** Limits that are weaker than those that ship, in the order of the table: which, and by how much. */
export function weakerLimits({
  limits,
}: AuditPolicy): { limit: keyof AuditPolicy['limits']; own: number; shipped: number }[] {
  const shipped = referencePolicy.limits;
  const names = Object.keys(shipped) as (keyof AuditPolicy['limits'])[];
  const isWeaker = (name: (typeof names)[number]) =>
    name.endsWith('Max') ? limits[name] > shipped[name] : limits[name] < shipped[name];
  return names.filter(isWeaker).map((limit) => ({ limit, own: limits[limit], shipped: shipped[limit] }));
}
