import {
  type AuditPolicy,
  type AuditReport,
  type AuditTest,
  acceptanceState,
  auditTest,
  decideAudit,
  type JudgedBy,
  round,
} from '@synspine/audit-rules';
import type { AuditFindings } from './audit-release.ts';

/**
 * The release gate, pure: findings, policy, image size and date in, report out. The decision is the one that `decideAudit` of the
 * common rules gives,
 * which every receiver derives again; here it is also `reject` for a fault that the audit met. Approval means that no leak was found,
 * not that there is none.
 */
export function decideGate(
  findings: AuditFindings | null | undefined,
  judgedBy: JudgedBy,
  at: Date,
): AuditReport {
  const { policy, imageSize } = judgedBy;
  const tests = Array.isArray(findings?.tests) ? findings.tests : [];
  const derived = decideAudit(tests, judgedBy, at);
  const objections = [...faultsOf(findings), ...derived.objections];
  const decision = objections.length > 0 ? 'reject' : derived.decision;
  const open = derived.undecided.filter((test) => auditTest.safeParse(test).success);
  const reasons = [
    ...objections,
    ...open.map((test) => describeUndecided(test, policy, at)),
    ...(findings?.notes ?? []),
  ];
  return {
    policyVersion: policy.version,
    imageSize,
    policy,
    tests: tests.filter((test) => auditTest.safeParse(test).success),
    reasons: reasons.map((reason) => reason.slice(0, 300)).slice(0, 32),
    accepted: decision === 'approve' ? derived.accepted : [],
    decision,
  };
}

function faultsOf(findings: AuditFindings | null | undefined): string[] {
  if (!findings) return ['there are no findings: the audit did not finish'];
  return Array.isArray(findings.faults) ? findings.faults : ['the findings are incomplete'];
}

function describeUndecided(test: AuditTest, policy: AuditPolicy, at: Date): string {
  const { id, name, statistic, limit, patientsNeeded } = test;
  const needed = patientsNeeded === null ? '' : `; about ${patientsNeeded} held-out patients would decide`;
  const figures = `${id} (${name}): ${round(statistic)} against ${limit} is within its uncertainty${needed}`;
  return `${figures}${describeAcceptance(test, policy, at)}`;
}

/** What became of the policy's acceptance of a test; every acceptable test has an upper limit. */
function describeAcceptance({ key, statistic, limit }: AuditTest, policy: AuditPolicy, at: Date): string {
  const acceptance = policy.accept.find(({ test }) => test === key);
  if (!acceptance) return '';
  const state = acceptanceState(acceptance, at);
  if (state === 'expired') return `; its acceptance ended on ${acceptance.expires}`;
  if (state === 'tooLong') return '; its acceptance runs for more than a year';
  if (statistic > limit) return '; not accepted, as the estimate itself is beyond the limit';
  return `; accepted by policy until ${acceptance.expires}`;
}
