import {
  type AuditPolicy,
  type AuditTest,
  approvedAudit,
  auditReport,
  battery,
  counted,
  type Estimate,
  referencePolicy,
  TEST_KEYS,
  type TestKey,
} from '@synspine/audit-rules';
import { honestTests } from '@synspine/audit-rules/honest-audit.fixture';
import { describe, expect, it } from 'vitest';
import type { AuditFindings } from './audit-release.ts';
import { decideGate as decideGateAt } from './decide-gate.ts';

const today = new Date('2026-11-30T12:00:00Z');
const decideGate = (findings: AuditFindings | null | undefined, policy: AuditPolicy, at = today) =>
  decideGateAt(findings, { policy, imageSize: 64 }, at);

const policy = referencePolicy;
const acceptance = (test: TestKey, expires = '2027-03-31') => ({
  test,
  reason: 'small site, agreed with the data protection officer',
  expires,
});
const acceptable = ['closenessNetwork', 'closenessPixels', 'membershipAuc', 'membershipRate'] as const;
const accepting: AuditPolicy = { ...policy, accept: acceptable.map((test) => acceptance(test)) };

const clean: Record<TestKey, Estimate> = {
  planted: counted(1),
  nearCopies: counted(0),
  closenessNetwork: { statistic: 0.5, ciLow: 0.46, ciHigh: 0.54 },
  closenessPixels: { statistic: 0.51, ciLow: 0.48, ciHigh: 0.545 },
  membershipAuc: { statistic: 0.53, ciLow: 0.5, ciHigh: 0.58 },
  membershipRate: { statistic: 0.012, ciLow: 0.004, ciHigh: 0.025 },
};

function findings(changed: Partial<Record<TestKey, Estimate>> = {}, judgedBy = policy): AuditFindings {
  const estimates = { ...clean, ...changed };
  const tests = honestTests(estimates, { policy: judgedBy, imageSize: 64 });
  return { tests, faults: [], notes: [] };
}

function changeTest(index: number, change: Partial<AuditTest>): AuditFindings {
  const { tests, ...rest } = findings();
  return { ...rest, tests: tests.map((test, at) => (at === index ? { ...test, ...change } : test)) };
}

describe('the gate', () => {
  it('approves when every test passed, in the form that signing takes', () => {
    const report = decideGate(findings(), policy);
    expect(report.decision).toBe('approve');
    expect(report.accepted).toEqual([]);
    expect(report.policy).toEqual(policy);
    expect(approvedAudit.safeParse(report).success).toBe(true);
  });

  const limits: [TestKey, number, Estimate, Estimate][] = [
    ['nearCopies', 0, counted(0), counted(1)],
    ['closenessNetwork', 0.55, at(0.5, 0.45, 0.55), at(0.6, 0.5501, 0.65)],
    ['closenessPixels', 0.55, at(0.5, 0.45, 0.55), at(0.6, 0.5501, 0.65)],
    ['membershipAuc', 0.6, at(0.55, 0.5, 0.6), at(0.65, 0.6001, 0.7)],
    ['membershipRate', 0.03, at(0.02, 0.01, 0.03), at(0.05, 0.0301, 0.07)],
  ];

  it.each(limits)(
    '%s: an interval up to the limit passes, one beyond it is rejected',
    (name, limit, within, beyond) => {
      expect(decideGate(findings({ [name]: within }), policy).decision).toBe('approve');
      const rejected = decideGate(findings({ [name]: beyond }), accepting);
      expect(rejected.decision).toBe('reject');
      expect(rejected.reasons.join()).toContain(String(limit));
    },
  );

  it.each(limits.slice(1))('%s: an interval across the limit is undecided', (name, limit) => {
    const across = { statistic: limit - 0.005, ciLow: Math.max(0, limit - 0.1), ciHigh: limit + 0.0001 };
    const report = decideGate(findings({ [name]: across }), policy);
    expect(report.decision).toBe('undecided');
    expect(report.tests.find(({ verdict }) => verdict === 'undecided')!.patientsNeeded).toBeGreaterThan(120);
    expect(report.reasons[0]).toMatch(/about \d+ held-out patients would decide/);
  });

  it('declares the audit void when fewer planted copies were found than the policy demands', () => {
    expect(decideGate(findings({ planted: counted(0.95) }), policy).decision).toBe('approve');
    const missed = decideGate(findings({ planted: counted(0.949) }), accepting);
    expect(missed.decision).toBe('reject');
    expect(missed.reasons[0]).toContain('void');
  });

  const unsure = findings({ membershipAuc: at(0.55, 0.5, 0.65) });

  it('approves an undecided test only where the policy accepts that test by name, and records why and until when', () => {
    const others = { ...policy, accept: [acceptance('membershipRate')] };
    expect(decideGate(unsure, others).decision).toBe('undecided');
    const named = { ...policy, accept: [acceptance('membershipAuc')] };
    const report = decideGate(unsure, named);
    expect(report).toMatchObject({ decision: 'approve', accepted: named.accept });
    expect(report.reasons.join()).toContain('accepted by policy until 2027-03-31');
    expect(auditReport.safeParse(report).success).toBe(true);
    expect(decideGate(findings(), accepting).accepted).toEqual([]); // nothing to accept
  });

  it('accepts no undecided test whose estimate itself is beyond the limit', () => {
    const within = findings({ membershipAuc: at(0.6, 0.57, 0.81) });
    expect(decideGate(within, accepting).decision).toBe('approve');
    const beyond = findings({ membershipAuc: at(0.698, 0.57, 0.81), membershipRate: at(0.3, 0.01, 0.6) });
    const report = decideGate(beyond, accepting);
    expect(report).toMatchObject({ decision: 'undecided', accepted: [] });
    expect(report.reasons[0]).toContain('the estimate itself is beyond the limit');
  });

  it('accepts up to the last day named, and not a day longer', () => {
    const until = (day: string) => ({ ...policy, accept: [acceptance('membershipAuc', day)] });
    expect(decideGate(unsure, until('2026-11-30')).decision).toBe('approve');
    const expired = decideGate(unsure, until('2026-11-29'));
    expect(expired.decision).toBe('undecided');
    expect(expired.reasons[0]).toContain('ended on 2026-11-29');
    expect(decideGate(unsure, until('2027-12-01')).decision).toBe('approve');
    expect(decideGate(unsure, until('2027-12-02')).decision).toBe('undecided'); // more than a year is no expiry
  });

  it('never lets an accepted doubt cover a failure', () => {
    const both = findings({ membershipAuc: at(0.55, 0.5, 0.65), nearCopies: counted(1) });
    expect(decideGate(both, accepting)).toMatchObject({ decision: 'reject', accepted: [] });
  });
});

function at(statistic: number, ciLow: number, ciHigh: number): Estimate {
  return { statistic, ciLow, ciHigh };
}

describe('the gate fails closed', () => {
  it('on no findings at all', () => {
    expect(decideGate(undefined, accepting).decision).toBe('reject');
    expect(decideGate(null, accepting).decision).toBe('reject');
    expect(decideGate({} as AuditFindings, accepting).decision).toBe('reject');
  });

  it.each(TEST_KEYS)('on a missing result: %s', (name) => {
    const all = findings();
    const tests = all.tests.filter((test) => test.name !== battery[name].name);
    expect(decideGate({ ...all, tests }, accepting)).toMatchObject({
      decision: 'reject',
      reasons: [expect.stringContaining('missing')],
    });
  });

  it.each(TEST_KEYS)('on figures that aren’t numbers: %s', (name) => {
    for (const key of ['statistic', 'ciLow', 'ciHigh'] as const) {
      const report = decideGate(findings({ [name]: { ...clean[name], [key]: Number.NaN } }), accepting);
      expect(report.decision).toBe('reject');
      expect(auditReport.safeParse(report).success).toBe(true); // the bad row is dropped, the reason stays
    }
  });

  it('on a doubled result', () => {
    const all = findings();
    expect(decideGate({ ...all, tests: [...all.tests, all.tests[2]!] }, accepting).decision).toBe('reject');
  });

  it('on a result of an unknown test', () => {
    const all = findings();
    const unknown = { ...all.tests[2]!, key: 'another' as TestKey };
    expect(decideGate({ ...all, tests: [...all.tests, unknown] }, accepting).decision).toBe('reject');
  });

  it('on a verdict or a limit that the policy and the figures don’t give', () => {
    const failing = findings({ closenessPixels: at(0.7, 0.6, 0.8) });
    const tests = failing.tests.map((test) => ({ ...test, verdict: 'pass' as const }));
    expect(decideGate({ ...failing, tests }, accepting).decision).toBe('reject');
    expect(
      decideGate(findings({}, { ...policy, limits: { ...policy.limits, membershipAucMax: 0.7 } }), accepting)
        .decision,
    ).toBe('reject');
  });

  it('on a statistic outside its interval', () => {
    expect(decideGate(changeTest(2, { statistic: 0.9 }), accepting).decision).toBe('reject');
  });

  it('on a fault in the audit', () => {
    const report = decideGate({ ...findings(), faults: ['the hold-out is not separate'] }, accepting);
    expect(report).toMatchObject({ decision: 'reject', reasons: ['the hold-out is not separate'] });
  });
});
