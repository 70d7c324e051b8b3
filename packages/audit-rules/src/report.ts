import { z } from 'zod';
import { TEST_KEYS } from './battery.ts';
import { acceptance, auditPolicy } from './policy.ts';
import { auditVerdict } from './verdict.ts';

const finite = z.number(); // zod's number() refuses NaN and ±Infinity

/** Copies planted in one way: how many of them the search found. Only what leaves the patient recognisable counts for P0. */
export const plantedKind = z.strictObject({
  /** The alteration, e.g. `shift`. */
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** How strong, with its unit, e.g. `4 px`; empty where there is but one. */
  strength: z.string().max(40),
  found: z.int().nonnegative(),
  planted: z.int().positive(),
  recognisable: z.boolean(),
});
export type PlantedKind = z.infer<typeof plantedKind>;

/**
 * One test of the privacy audit. `limit` is the policy's bound on `statistic`, `ciLow`–`ciHigh` a 95 % interval, `n` images or films and
 * `patients` held-out patients. `patientsNeeded` is how many of them would shrink the interval enough to decide (null when decided).
 */
export const auditTest = z.strictObject({
  /** The test's row in the table; absent in reports of agents before 0.2. */
  key: z.enum(TEST_KEYS).optional(),
  id: z.enum(['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8']),
  name: z.string().max(120),
  statistic: finite,
  ciLow: finite,
  ciHigh: finite,
  limit: finite,
  n: z.int().nonnegative(),
  patients: z.int().nonnegative(),
  verdict: auditVerdict,
  patientsNeeded: z.int().positive().nullable(),
  /** P0 alone: the power of the search by kind and strength of alteration. The statistic is the lowest share of a recognisable one. */
  details: z.array(plantedKind).min(1).max(64).optional(),
});
export type AuditTest = z.infer<typeof auditTest>;

const auditBody = {
  policyVersion: z.string().min(1).max(40),
  /** Pixels a side of the audited images; absent in reports of agents before 0.2. */
  imageSize: z.int().positive().optional(),
  /** The policy that the tests were judged by; absent in reports of agents before 0.2. */
  policy: auditPolicy.optional(),
  tests: z.array(auditTest).min(1).max(32),
  reasons: z.array(z.string().max(300)).max(32),
  /** Undecided tests that the policy accepts; absent in reports of agents before 0.2. */
  accepted: z.array(acceptance).max(TEST_KEYS.length).optional(),
  /** Only in reports of agents before 0.2: whatever was undecided had been accepted as a whole. */
  acceptedUndecided: z
    .strictObject({ reason: z.string().min(8).max(300) })
    .nullable()
    .optional(),
};

export const auditReport = z.strictObject({
  ...auditBody,
  decision: z.enum(['approve', 'reject', 'undecided']),
});
export type AuditReport = z.infer<typeof auditReport>;

/** What `sign()` takes: the only audit report that a release can carry. */
export const approvedAudit = z.strictObject({ ...auditBody, decision: z.literal('approve') });
export type ApprovedAudit = z.infer<typeof approvedAudit>;
