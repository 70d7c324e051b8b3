import type { Estimate } from '@synspine/audit-rules';
import { type AuditTest, approvedAudit, auditReport } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import type { AuditFindings } from './audit-release.ts';
import { battery, counted, judge } from './battery.ts';
import { decideGate } from './decide-gate.ts';
import { type PrivacyPolicy, referencePolicy } from './policy.ts';

const policy = referencePolicy;
const accepting: PrivacyPolicy = {
  ...policy,
  acceptUndecided: { reason: 'small site, agreed with the data protection officer' },
};

type Name = keyof typeof battery;

const clean: Record<Name, Estimate> = {
  planted: counted(1),
  nearCopies: counted(0),
  closenessNetwork: { statistic: 0.5, ciLow: 0.46, ciHigh: 0.54 },
  closenessPixels: { statistic: 0.51, ciLow: 0.48, ciHigh: 0.545 },
  membershipAuc: { statistic: 0.53, ciLow: 0.5, ciHigh: 0.58 },
  membershipRate: { statistic: 0.012, ciLow: 0.004, ciHigh: 0.025 },
};

function findings(changed: Partial<Record<Name, Estimate>> = {}, judgedBy = policy): AuditFindings {
  const estimates = { ...clean, ...changed };
  const tests = (Object.keys(battery) as Name[]).map((name) =>
    judge(battery[name], estimates[name], { n: 1000, patients: 400 }, judgedBy),
  );
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
    expect(report.acceptedUndecided).toBe(null);
    expect(approvedAudit.safeParse(report).success).toBe(true);
  });

  const limits: [Name, number, Estimate, Estimate][] = [
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
    const across = { statistic: limit - 0.005, ciLow: limit - 0.01, ciHigh: limit + 0.0001 };
    const report = decideGate(findings({ [name]: across }), policy);
    expect(report.decision).toBe('undecided');
    expect(report.tests.find(({ verdict }) => verdict === 'undecided')!.patientsNeeded).toBeGreaterThan(400);
    expect(report.reasons[0]).toMatch(/about \d+ held-out patients would decide/);
  });

  it('declares the audit void when fewer planted copies were found than the policy demands', () => {
    expect(decideGate(findings({ planted: counted(0.95) }), policy).decision).toBe('approve');
    const missed = decideGate(findings({ planted: counted(0.949) }), accepting);
    expect(missed.decision).toBe('reject');
    expect(missed.reasons[0]).toContain('void');
  });

  it('approves undecided tests only where the policy says so, and records the reason', () => {
    const unsure = findings({ membershipAuc: at(0.55, 0.5, 0.65) });
    const report = decideGate(unsure, accepting);
    expect(report.decision).toBe('approve');
    expect(report.acceptedUndecided).toEqual(accepting.acceptUndecided);
    expect(auditReport.safeParse(report).success).toBe(true);
    expect(decideGate(findings(), accepting).acceptedUndecided).toBe(null); // nothing to accept
  });

  it('never lets an accepted doubt cover a failure', () => {
    const both = findings({ membershipAuc: at(0.55, 0.5, 0.65), nearCopies: counted(1) });
    expect(decideGate(both, accepting)).toMatchObject({ decision: 'reject', acceptedUndecided: null });
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

  it.each(Object.keys(battery) as Name[])('on a missing result: %s', (name) => {
    const all = findings();
    const tests = all.tests.filter((test) => test.name !== battery[name].name);
    expect(decideGate({ ...all, tests }, accepting)).toMatchObject({
      decision: 'reject',
      reasons: [expect.stringContaining('missing')],
    });
  });

  it.each(Object.keys(battery) as Name[])('on figures that aren’t numbers: %s', (name) => {
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
    const unknown = { ...all.tests[2]!, id: 'P3' as const, name: 'another test' };
    expect(decideGate({ ...all, tests: [...all.tests, unknown] }, accepting).decision).toBe('reject');
  });

  it('on a verdict or a limit that the policy and the figures don’t give', () => {
    const failing = findings({ closenessPixels: at(0.7, 0.6, 0.8) });
    const tests = failing.tests.map((test) => ({ ...test, verdict: 'pass' as const }));
    expect(decideGate({ ...failing, tests }, accepting).decision).toBe('reject');
    expect(decideGate(findings({}, { ...policy, membershipAucMax: 0.7 }), accepting).decision).toBe('reject');
  });

  it('on a statistic outside its interval', () => {
    expect(decideGate(changeTest(2, { statistic: 0.9 }), accepting).decision).toBe('reject');
  });

  it('on a fault in the audit', () => {
    const report = decideGate({ ...findings(), faults: ['the hold-out is not separate'] }, accepting);
    expect(report).toMatchObject({ decision: 'reject', reasons: ['the hold-out is not separate'] });
  });
});
