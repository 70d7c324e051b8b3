import { type ApprovedAudit, type AuditReport, ProblemError } from '@synspine/protocol';

/** Tests without which no audit is one: the positive control, near copies, closeness and membership inference. */
const REQUIRED_TESTS = ['P0', 'P1', 'P2', 'P6'] as const;

/**
 * The release gate, checked again by whoever receives a release: the decision is `approve`, no test failed, tests are
 * undecided only where a recorded policy accepts it, and the battery is complete. Throws `AUDIT_NOT_APPROVED`.
 */
export function assertAuditApproved(audit: AuditReport): asserts audit is ApprovedAudit {
  const refuse = (why: string) => new ProblemError('AUDIT_NOT_APPROVED', why);
  if (audit.decision !== 'approve') throw refuse(`the decision is ${audit.decision}`);
  const missing = REQUIRED_TESTS.filter((id) => !audit.tests.some((t) => t.id === id));
  if (missing.length > 0) throw refuse(`no ${missing.join(', ')}`);
  const failed = audit.tests.filter((t) => t.verdict === 'fail').map((t) => t.id);
  if (failed.length > 0) throw refuse(`${failed.join(', ')} failed`);
  const undecided = audit.tests.filter((t) => t.verdict === 'undecided').map((t) => t.id);
  if (undecided.length > 0 && audit.acceptedUndecided === null)
    throw refuse(`${undecided.join(', ')} undecided, and no policy accepts that`);
}
