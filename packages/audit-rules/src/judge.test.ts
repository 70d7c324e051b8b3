import { describe, expect, it } from 'vitest';
import type { TestKey } from './battery.ts';
import { honestTests, judgedByReference } from './honest-audit.fixture.ts';
import { decideAudit, judgeTest } from './judge.ts';
import type { AuditTest } from './report.ts';

const at = new Date('2026-12-01T00:00:00Z');
const decide = (tests: AuditTest[]) => decideAudit(tests, judgedByReference, at);
const changed = (key: TestKey, change: Partial<AuditTest>) =>
  honestTests().map((test) => (test.key === key ? { ...test, ...change } : test));

it('approves what an honest audit found', () => {
  expect(decide(honestTests())).toMatchObject({ decision: 'approve', objections: [] });
});

describe('figures that no audit of so few patients gives are refused', () => {
  it.each([
    ['membershipAuc', { statistic: 0, ciLow: 0, ciHigh: 1e-9 }, 120],
    ['membershipAuc', { statistic: 0.5, ciLow: 0.499, ciHigh: 0.501 }, 120],
    ['closenessNetwork', { statistic: 0, ciLow: 0, ciHigh: 1e-9 }, 120],
    ['closenessPixels', { statistic: 0.5, ciLow: 0.48, ciHigh: 0.52 }, 8],
    ['membershipRate', { statistic: 0.01, ciLow: 0.01, ciHigh: 0.0100001 }, 120],
    ['membershipRate', { statistic: 0.01, ciLow: 0, ciHigh: 0.029 }, 8],
  ] as const)('%s %j of %i', (key, figures, patients) => {
    const judged = judgeTest(key, figures, { n: 400, patients }, judgedByReference);
    expect(judged.verdict).toBe('pass');
    const tests = honestTests().map((test) => (test.key === key ? judged : { ...test, patients }));
    const { decision, objections } = decide(tests);
    expect(decision).toBe('reject');
    expect(objections.join()).toMatch(/is surer than \d+ held-out patients allow/);
  });
});

describe('tests of different hold-outs are refused', () => {
  it.each([
    ['one of P2 alone', changed('closenessNetwork', { patients: 119 })],
    ['P1 alone', changed('nearCopies', { patients: 121 })],
    [
      'more in P2 and P6 than were held out',
      honestTests().map((test) => (/P2|P6/.test(test.id) ? { ...test, patients: 121 } : test)),
    ],
  ])('%s', (_, tests) => {
    const { decision, objections } = decide(tests);
    expect(decision).toBe('reject');
    expect(objections).toContain('the tests disagree about how many patients were held out');
  });

  it('but suspected copies of training films may leave P2 and P6', () => {
    const tests = honestTests().map((test) => (/P2|P6/.test(test.id) ? { ...test, patients: 118 } : test));
    expect(decide(tests).decision).toBe('approve');
  });
});
