import type { Acceptance, AuditPolicy } from './policy.ts';
import type { AuditReport, AuditTest } from './report.ts';

/** How an audit or a test of it is shown. What a policy accepts is never shown as passed. */
export type AuditState = 'passed' | 'accepted' | 'rejected' | 'undecided';

/** The words for a state: colour alone says nothing, and `passed` is said of nothing else. */
export const AUDIT_STATE_WORDS: Record<AuditState, string> = {
  passed: 'passed',
  accepted: 'accepted by policy',
  rejected: 'rejected',
  undecided: 'undecided',
};

export const DEMONSTRATION_WARNING = 'demonstration policy: its limits say nothing about privacy';

/** The state of a whole audit, whichever version wrote it. */
export function stateOfAudit(
  audit: Pick<AuditReport, 'decision' | 'accepted' | 'acceptedUndecided'>,
): AuditState {
  if (audit.decision === 'reject') return 'rejected';
  if (audit.decision === 'undecided') return 'undecided';
  return audit.acceptedUndecided || (audit.accepted ?? []).length > 0 ? 'accepted' : 'passed';
}

/** The state of one test, with what the policy says where it was accepted. */
export function stateOfTest(
  test: Pick<AuditTest, 'key' | 'verdict'>,
  audit: Pick<AuditReport, 'accepted' | 'acceptedUndecided'>,
): { state: AuditState; acceptance?: { reason: string; expires?: string } } {
  if (test.verdict === 'pass') return { state: 'passed' };
  if (test.verdict === 'fail') return { state: 'rejected' };
  const acceptance: Acceptance | { reason: string } | undefined =
    audit.accepted?.find((accepted) => accepted.test === test.key) ?? audit.acceptedUndecided ?? undefined;
  return acceptance ? { state: 'accepted', acceptance } : { state: 'undecided' };
}

/** The state of one test in words, with reason and last day where the policy accepted it. */
export function describeTestState(...about: Parameters<typeof stateOfTest>): string {
  const { state, acceptance } = stateOfTest(...about);
  if (!acceptance) return AUDIT_STATE_WORDS[state];
  const until = acceptance.expires ? ` until ${acceptance.expires}` : '';
  return `${AUDIT_STATE_WORDS[state]}${until}: “${acceptance.reason}”`;
}

/** Whether the limits are those of a demonstration, which say nothing about privacy. */
export function isDemonstration({ policy }: { policy?: Pick<AuditPolicy, 'demonstration'> }): boolean {
  return policy?.demonstration ?? false;
}
