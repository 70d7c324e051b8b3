import { PrivacyError } from './privacy-error.ts';

/** Thresholds of the release gate: versioned data that a site's administration signs off, never a default in code. */
export type PrivacyPolicy = {
  version: string;
  /** P0: share of planted copies that the detector must find, else the audit is void. */
  plantedFoundMin: number;
  /** P1: share of honest images that may exceed the near-copy threshold by chance. */
  nearCopyTail: number;
  /** P1: near copies that may remain. */
  nearCopiesMax: number;
  /** P2: share of synthetic images nearer to training than to held-out patients. */
  closenessShareMax: number;
  /** P6: AUC of the best membership attack. */
  membershipAucMax: number;
  /** P6: share of members named at 1 % false positives. */
  membershipRateMax: number;
  /** Set only where an administrator accepts tests that too few patients leave undecided; recorded in every report. */
  acceptUndecided: { reason: string } | null;
};

/** The thresholds of Synspine's own evaluation, for demonstrations and as a start for a site's own policy file. */
export const referencePolicy: PrivacyPolicy = {
  version: 'synspine-audit-1',
  plantedFoundMin: 0.95,
  nearCopyTail: 0.001,
  nearCopiesMax: 0,
  closenessShareMax: 0.55,
  membershipAucMax: 0.6,
  membershipRateMax: 0.03,
  acceptUndecided: null,
};

/** [lowest, highest] that a threshold may be: a policy that can't fail anything is a typing error. */
const RANGES: Record<Exclude<keyof PrivacyPolicy, 'version' | 'acceptUndecided'>, [number, number]> = {
  plantedFoundMin: [0.9, 1],
  nearCopyTail: [0, 0.01],
  nearCopiesMax: [0, 0],
  closenessShareMax: [0.5, 0.75],
  membershipAucMax: [0.5, 0.75],
  membershipRateMax: [0.01, 0.1],
};

/**
 * Reads a policy from parsed JSON. All fields are required and no others are taken; throws `policy-invalid` naming the field.
 * `nearCopyTail` must be above 0.
 */
export function parsePolicy(value: unknown): PrivacyPolicy {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('the file', 'a JSON object');
  const policy = value as Record<string, unknown>;
  const known = Object.keys(referencePolicy);
  const extra = Object.keys(policy).find((key) => !known.includes(key));
  if (extra !== undefined)
    throw invalid(JSON.stringify(extra.slice(0, 40)), 'left out, as no such field is known');
  if (typeof policy.version !== 'string' || !/^[\w.-]{1,40}$/.test(policy.version)) {
    throw invalid('version', 'a name of up to 40 letters, digits, dots and dashes');
  }
  for (const [field, [low, high]] of Object.entries(RANGES)) {
    const number = policy[field];
    if (typeof number !== 'number' || !(number >= low && number <= high)) {
      throw invalid(field, `a number from ${low} to ${high}`);
    }
  }
  if (policy.nearCopyTail === 0) throw invalid('nearCopyTail', 'above 0');
  assertAcceptance(policy.acceptUndecided);
  return { ...(policy as PrivacyPolicy) };
}

function assertAcceptance(value: unknown): void {
  if (value === null) return;
  const reason = typeof value === 'object' ? (value as { reason?: unknown }).reason : undefined;
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (typeof reason !== 'string' || reason.trim().length < 8 || reason.length > 300 || keys.length !== 1) {
    throw invalid('acceptUndecided', 'null, or an object with a reason of 8 to 300 characters');
  }
}

function invalid(field: string, expected: string): PrivacyError {
  return new PrivacyError('policy-invalid', `Privacy policy: ${field} must be ${expected}.`);
}
