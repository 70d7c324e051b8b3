import { verdictOf } from '@synspine/audit-rules';
import { type AuditReport, type AuditTest, auditTest } from '@synspine/protocol';
import type { AuditFindings } from './audit-release.ts';
import { battery } from './battery.ts';
import type { PrivacyPolicy } from './policy.ts';

/**
 * The release gate, pure: findings and policy in, decision out.
 *
 * reject: a fault, a failed test, a missing or doubled one, one that isn't numbers, or one whose limit or verdict isn't what
 * policy and numbers say. undecided: nothing failed, but too few patients to pass. approve: all passed, or those undecided are
 * accepted by the policy, with its reason in the report. Approval means that no leak was found, not that there is none.
 */
export function decideGate(findings: AuditFindings | null | undefined, policy: PrivacyPolicy): AuditReport {
  const tests = Array.isArray(findings?.tests) ? findings.tests : [];
  const valid = tests.filter((test) => auditTest.safeParse(test).success);
  const objections = [
    ...faultsOf(findings),
    ...strangersAmong(tests),
    ...Object.values(battery).flatMap((spec) => objectTo(spec, tests, policy)),
  ];
  const undecided = valid.filter(({ verdict }) => verdict === 'undecided');
  const accepted = objections.length === 0 && undecided.length > 0 ? policy.acceptUndecided : null;
  const decision =
    objections.length > 0 ? 'reject' : undecided.length > 0 && accepted === null ? 'undecided' : 'approve';
  const reasons = [...objections, ...undecided.map(describeUndecided), ...(findings?.notes ?? [])];
  return {
    policyVersion: policy.version,
    tests: valid,
    reasons: reasons.map((reason) => reason.slice(0, 300)).slice(0, 32),
    acceptedUndecided: accepted,
    decision,
  };
}

function faultsOf(findings: AuditFindings | null | undefined): string[] {
  if (!findings) return ['there are no findings: the audit did not finish'];
  return Array.isArray(findings.faults) ? findings.faults : ['the findings are incomplete'];
}

/** A result of no test in the battery: nobody knows what it means, so it can't be ignored. */
function strangersAmong(tests: readonly AuditTest[]): string[] {
  const specs = Object.values(battery);
  const strangers = tests.filter(
    (test) => !specs.some(({ id, name }) => test?.id === id && test.name === name),
  );
  return strangers.length === 0 ? [] : [`${strangers.length} results belong to no test of the battery`];
}

type Spec = (typeof battery)[keyof typeof battery];

/** What speaks against a release in the result of one test; nothing when it passed or is honestly undecided. */
function objectTo(spec: Spec, tests: readonly AuditTest[], policy: PrivacyPolicy): string[] {
  const label = `${spec.id} (${spec.name})`;
  const [test, double] = tests.filter(
    (candidate) => candidate?.id === spec.id && candidate.name === spec.name,
  );
  if (test === undefined) return [`${label} is missing`];
  if (double !== undefined) return [`${label} is there twice`];
  if (!auditTest.safeParse(test).success) return [`${label} has no usable figures`];
  const limit = spec.limit(policy);
  if (test.limit !== limit || test.verdict !== verdictOf(test, limit, spec.direction)) {
    return [`${label} was not judged by policy ${policy.version}`];
  }
  if (test.statistic < test.ciLow || test.statistic > test.ciHigh)
    return [`${label} contradicts its interval`];
  if (spec === battery.planted && test.verdict !== 'pass') {
    return [`${label}: only ${round(test.statistic)} found, so the audit is void`];
  }
  if (test.verdict !== 'fail') return [];
  return [`${label}: ${round(test.statistic)}, surely beyond the limit of ${limit}`];
}

function describeUndecided({ id, name, statistic, limit, patientsNeeded }: AuditTest): string {
  const needed = patientsNeeded === null ? '' : `; about ${patientsNeeded} held-out patients would decide`;
  return `${id} (${name}): ${round(statistic)} against ${limit} is within its uncertainty${needed}`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
