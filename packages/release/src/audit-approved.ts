import { contradictionToApproval } from '@synspine/audit-rules';
import { type ApprovedAudit, type AuditReport, ProblemError } from '@synspine/protocol';

/**
 * The release gate, derived again by whoever signs or receives a release: figures and policy must give an approval at this moment, and
 * every word of the report must be what they give. Throws `AUDIT_NOT_APPROVED`.
 */
export function assertAuditApproved(audit: AuditReport, at: Date): asserts audit is ApprovedAudit {
  const contradiction = contradictionToApproval(audit, at);
  if (contradiction) throw new ProblemError('AUDIT_NOT_APPROVED', contradiction);
}
