export { type AuditFindings, type AuditInput, auditRelease } from './audit-release.ts';
export { decideGate } from './decide-gate.ts';
export { aligned } from './likeness/aligned.ts';
export { findCopies } from './near-copies/copy-detector.ts';
export type { Films } from './near-copies/copy-scores.ts';
export { PrivacyError, type PrivacyErrorCode } from './privacy-error.ts';
export type { ImageSet, RealSet, SampleSet } from './sample-set.ts';
