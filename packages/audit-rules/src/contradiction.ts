import { decideAudit } from './judge.ts';
import type { Acceptance } from './policy.ts';
import type { AuditReport, AuditTest } from './report.ts';
import { verdictOf } from './verdict.ts';

/**
 * Why an audit report is not the approval that its own figures and policy give at a moment; undefined when it is. The words `pass` and
 * `approve` in it count for nothing: each verdict, what was accepted and the decision are derived again.
 */
export function contradictionToApproval(audit: AuditReport, at: Date): string | undefined {
  if (audit.policy === undefined) return contradictionBefore02(audit);
  if (audit.policyVersion !== audit.policy.version) return 'it names another policy than it was judged by';
  if (audit.acceptedUndecided) return 'it accepts undecided tests as a whole';
  if (audit.imageSize === undefined) return 'it does not say how large its images are';
  const judgedBy = { policy: audit.policy, imageSize: audit.imageSize };
  const { decision, objections, undecided, accepted } = decideAudit(audit.tests, judgedBy, at);
  if (objections.length > 0) return objections[0];
  if (decision !== 'approve')
    return `${undecided.map(({ id }) => id).join(', ')} undecided, and not accepted`;
  if (!isSame(audit.accepted ?? [], accepted)) return 'it lists other acceptances than its policy gives';
  return audit.decision === 'approve' ? undefined : `the decision is ${audit.decision}`;
}

function isSame(left: readonly Acceptance[], right: readonly Acceptance[]): boolean {
  const lines = (list: readonly Acceptance[]) =>
    JSON.stringify(list.map(({ test, reason, expires }) => [test, reason, expires]));
  return lines(left) === lines(right);
}

/** Tests without which no audit of agents before 0.2 was one. */
const TESTS_BEFORE_02 = ['P0', 'P1', 'P2', 'P6'] as const;

/** Reports of agents before 0.2 hold no policy: each verdict must follow from the limit that stands beside it. For reading alone. */
function contradictionBefore02({ decision, tests, acceptedUndecided }: AuditReport): string | undefined {
  if (decision !== 'approve') return `the decision is ${decision}`;
  const missing = TESTS_BEFORE_02.filter((id) => !tests.some((test) => test.id === id));
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  const odd = tests.find((test) => test.n === 0 || !isJudged(test) || test.verdict === 'fail');
  if (odd) return `${odd.id} failed, or contradicts itself`;
  const isOpen = tests.some((test) => test.verdict === 'undecided') && !acceptedUndecided;
  return isOpen ? 'undecided tests, and no policy accepts that' : undefined;
}

function isJudged(test: AuditTest): boolean {
  const direction = test.id === 'P0' ? 'atLeast' : 'atMost';
  const isInside = test.ciLow <= test.statistic && test.statistic <= test.ciHigh;
  return isInside && test.verdict === verdictOf(test, test.limit, direction);
}
