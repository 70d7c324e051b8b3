import type { Estimate } from '@synspine/audit-rules';
import { patientsBySquareRoot, verdictOf } from '@synspine/audit-rules';
import type { AuditTest } from '@synspine/protocol';
import type { PrivacyPolicy } from './policy.ts';

type TestSpec = {
  id: AuditTest['id'];
  name: string;
  limit: (policy: PrivacyPolicy) => number;
  direction: 'atMost' | 'atLeast';
};

/** Every test that a report must hold, in order. The gate refuses a report that lacks one. */
export const battery = {
  planted: {
    id: 'P0',
    name: 'planted copies found',
    limit: (policy) => policy.plantedFoundMin,
    direction: 'atLeast',
  },
  nearCopies: {
    id: 'P1',
    name: 'near copies of training films',
    limit: (policy) => policy.nearCopiesMax,
    direction: 'atMost',
  },
  closenessNetwork: {
    id: 'P2',
    name: 'share nearer to training, network features',
    limit: (policy) => policy.closenessShareMax,
    direction: 'atMost',
  },
  closenessPixels: {
    id: 'P2',
    name: 'share nearer to training, pixels',
    limit: (policy) => policy.closenessShareMax,
    direction: 'atMost',
  },
  membershipAuc: {
    id: 'P6',
    name: 'membership AUC, best of six attacks',
    limit: (policy) => policy.membershipAucMax,
    direction: 'atMost',
  },
  membershipRate: {
    id: 'P6',
    name: 'membership at 1 % false positives, best of six attacks',
    limit: (policy) => policy.membershipRateMax,
    direction: 'atMost',
  },
} satisfies Record<string, TestSpec>;

/**
 * One row of the report: the estimate judged against the policy. `n` images, `patients` held-out patients. `needed` says how many
 * would decide where that doesn't follow from the interval's width.
 */
export function judge(
  spec: TestSpec,
  estimate: Estimate,
  counts: { n: number; patients: number },
  policy: PrivacyPolicy,
  needed: (limit: number) => number = (limit) => patientsBySquareRoot(estimate, limit, counts.patients),
): AuditTest {
  const limit = spec.limit(policy);
  const verdict = verdictOf(estimate, limit, spec.direction);
  return {
    id: spec.id,
    name: spec.name,
    statistic: estimate.statistic,
    ciLow: estimate.ciLow,
    ciHigh: estimate.ciHigh,
    limit,
    n: counts.n,
    patients: counts.patients,
    verdict,
    patientsNeeded: verdict === 'undecided' ? needed(limit) : null,
  };
}

/** A figure that isn't estimated but counted: its interval is itself. */
export function counted(statistic: number): Estimate {
  return { statistic, ciLow: statistic, ciHigh: statistic };
}
