import { type AuditReport, counted, judgeTest, referencePolicy } from '@synspine/audit-rules';
import type { SiteOverview } from '@synspine/protocol';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { AuditOutcome, SiteAudit, TestOutcome } from './audit-state.tsx';

const judgedBy = { policy: referencePolicy, imageSize: 32 };
const test = judgeTest(
  'membershipAuc',
  { statistic: 0.58, ciLow: 0.5, ciHigh: 0.66 },
  { n: 200, patients: 60 },
  judgedBy,
);
const acceptance = {
  test: 'membershipAuc',
  reason: 'pilot of sixty patients',
  expires: '2027-03-31',
} as const;
const report: AuditReport = {
  policyVersion: referencePolicy.version,
  policy: referencePolicy,
  tests: [judgeTest('nearCopies', counted(0), { n: 200, patients: 60 }, judgedBy), test],
  reasons: [],
  accepted: [acceptance],
  decision: 'approve',
};
const outcome = (change: Partial<AuditReport> = {}) =>
  renderToStaticMarkup(createElement(AuditOutcome, { audit: { ...report, ...change } }));

describe('an audit on a page', () => {
  it('that the policy had to accept says so with test, reason and last day, in amber, and nowhere that it passed', () => {
    const html = outcome();
    expect(html).toContain('class="verdict accepted"');
    expect(html).toContain('! accepted by policy');
    expect(html).toContain('P6 membership AUC');
    expect(html).toContain('until 2027-03-31: “pilot of sixty patients”');
    expect(html).not.toMatch(/pass|approve/);
    const before = outcome({
      accepted: undefined,
      policy: undefined,
      acceptedUndecided: { reason: 'public films' },
    });
    expect(before).toContain('accepted by policy');
    expect(before).toContain('public films');
  });

  it('that passed by itself says so', () => {
    expect(outcome({ accepted: [] })).toContain('✓ passed');
  });

  it('by a demonstration policy names it', () => {
    expect(outcome()).not.toContain('demonstration');
    const policy = { ...referencePolicy, demonstration: true };
    expect(outcome({ accepted: [], policy })).toContain('demonstration policy');
  });

  it('says the state of each test in words', () => {
    const cell = (accepted: AuditReport['accepted']) =>
      renderToStaticMarkup(createElement(TestOutcome, { test, audit: { ...report, accepted } }));
    expect(cell([acceptance])).toContain('accepted by policy');
    expect(cell([])).toContain('undecided');
  });
});

it('a site without a release shows its audit as rejected or not run', () => {
  const site = (decision?: 'reject' | 'undecided' | 'failed') => {
    const lastRun = decision && { decision, finishedAt: '2026-11-30T00:00:00Z' };
    const overview = { latest: null, status: lastRun ? { lastRun } : null } as unknown as SiteOverview;
    return renderToStaticMarkup(createElement(SiteAudit, { site: overview }));
  };
  expect(site()).toContain('– not run');
  expect(site('failed')).toContain('– not run');
  expect(site('reject')).toContain('✗ rejected');
  expect(site('undecided')).toContain('✗ rejected: undecided, too few patients');
});
