import { PLANTED_KINDS, TEST_KEYS, type TestKey } from './battery.ts';
import { counted, type JudgedBy, judgeTest } from './judge.ts';
import { referencePolicy } from './policy.ts';
import type { ApprovedAudit, AuditTest, PlantedKind } from './report.ts';
import type { Estimate } from './verdict.ts';

const within = (statistic: number, half: number): Estimate => ({
  statistic,
  ciLow: statistic - half,
  ciHigh: statistic + half,
});
const FIGURES: Record<TestKey, Estimate> = {
  planted: counted(1),
  nearCopies: counted(0),
  closenessNetwork: within(0.5, 0.04),
  closenessPixels: within(0.49, 0.05),
  membershipAuc: within(0.52, 0.06),
  membershipRate: within(0.015, 0.01),
};
const PLANTED_EACH = 1_000; // so many that a share of thousandths can be found

/** Copies planted of each kind, of which this share was found. */
export function plantedKinds(shareFound = 1): PlantedKind[] {
  const found = Math.round(shareFound * PLANTED_EACH);
  return PLANTED_KINDS.map((kind) => ({
    kind,
    strength: '',
    found,
    planted: PLANTED_EACH,
    recognisable: true,
  }));
}

/** The policy that ships, for images of 32 pixels a side. */
export const judgedByReference: JudgedBy = { policy: referencePolicy, imageSize: 32 };

/** What an honest audit of 400 images and 120 held-out patients found; `changed` figures are judged as they are. */
export function honestTests(
  changed: Partial<Record<TestKey, Estimate>> = {},
  judgedBy: JudgedBy = judgedByReference,
): AuditTest[] {
  const figures = { ...FIGURES, ...changed };
  return TEST_KEYS.map((key) => {
    const details = plantedKinds(figures.planted.statistic);
    const planted = { n: details.length * PLANTED_EACH, details };
    const counts = { n: 400, patients: 120, ...(key === 'planted' && planted) };
    return judgeTest(key, figures[key], counts, judgedBy);
  });
}

/** The report of an honest audit that approved. */
export function honestAudit(judgedBy: JudgedBy = judgedByReference): ApprovedAudit {
  const { policy, imageSize } = judgedBy;
  return {
    ...{ policyVersion: policy.version, policy, imageSize, tests: honestTests({}, judgedBy) },
    ...{ reasons: [], accepted: [], decision: 'approve' },
  };
}
