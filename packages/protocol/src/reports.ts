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
  metric: z.enum([
    ...(['fid', 'kid', 'precision', 'recall', 'density', 'coverage'] as const),
    /** By a judge that learnt from the site's own training patients; `-outside` by one that learnt from other sites' images. */
    ...(['label-fidelity', 'label-fidelity-outside'] as const),
  ]),
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

export {
  type ApprovedAudit,
  type AuditReport,
  type AuditTest,
  approvedAudit,
  auditReport,
  auditTest,
} from '@synspine/audit-rules';
