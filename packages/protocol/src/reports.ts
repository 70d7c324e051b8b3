import { auditVerdict } from '@synspine/audit-rules';
import { z } from 'zod';

/** `all`, or one of the release's class names. */
const stratum = z.string().min(1).max(64);
const finite = z.number(); // zod's number() refuses NaN and ±Infinity

const interval = { value: finite, ciLow: finite, ciHigh: finite, n: z.int().positive() };

/** The same metric between real training films and real held-out films: what a perfect generator would score. */
const realFloor = z.strictObject(interval);

/**
 * One quality figure. `protocol` names all that a number depends on, e.g. `fid_inception2015_heldout_n41`.
 * `ciLow`–`ciHigh` is a 95 % interval, `n` the images on each side.
 */
export const qualityScore = z.strictObject({
  metric: z.enum(['fid', 'kid', 'precision', 'recall', 'density', 'coverage', 'label-fidelity']),
  protocol: z.string().min(1).max(120),
  stratum,
  ...interval,
  floor: realFloor.nullable(),
});
export type QualityScore = z.infer<typeof qualityScore>;

/** The part of the evaluation that may leave a site: scalars with intervals, never an image or a patient. */
export const qualityReport = z.strictObject({
  imageSize: z.int().positive(),
  scores: z.array(qualityScore).max(64),
});
export type QualityReport = z.infer<typeof qualityReport>;

/**
 * One test of the privacy audit. `limit` is the policy's bound on `statistic`; `patientsNeeded` is how many
 * held-out patients would shrink the interval enough to decide (null when decided).
 */
export const auditTest = z.strictObject({
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
});
export type AuditTest = z.infer<typeof auditTest>;

const auditBody = {
  policyVersion: z.string().min(1).max(40),
  tests: z.array(auditTest).min(1).max(32),
  reasons: z.array(z.string().max(300)).max(32),
  /** Set only when a policy file accepts tests that too few patients left undecided; shown everywhere. */
  acceptedUndecided: z.strictObject({ reason: z.string().min(8).max(300) }).nullable(),
};

export const auditReport = z.strictObject({
  ...auditBody,
  decision: z.enum(['approve', 'reject', 'undecided']),
});
export type AuditReport = z.infer<typeof auditReport>;

/** What `sign()` takes: the only audit report that a release can carry. */
export const approvedAudit = z.strictObject({ ...auditBody, decision: z.literal('approve') });
export type ApprovedAudit = z.infer<typeof approvedAudit>;
