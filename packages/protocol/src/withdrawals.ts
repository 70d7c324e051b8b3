import { z } from 'zod';
import { isoDateTime, releaseVersion, siteId } from './ids.ts';

/** The one table of why a release may be withdrawn. No other text travels, so none can name a patient. */
export const WITHDRAWAL_REASONS = {
  PATIENT_PRIVACY: 'The privacy of patients is in doubt.',
  PERMISSION_ENDED: 'A permission to use the films has ended.',
  DATA_WRONG: 'Its films, labels or images are wrong.',
  KEY_COMPROMISED: 'It was signed with a key that may be in other hands.',
  AUTHORITY_REQUEST: 'A court or an authority asked for it.',
  SITE_REQUEST: 'Its site asked for it.',
} as const satisfies Record<string, string>;

export type WithdrawalReason = keyof typeof WITHDRAWAL_REASONS;
export const WITHDRAWAL_REASON_CODES = Object.keys(WITHDRAWAL_REASONS) as [
  WithdrawalReason,
  ...WithdrawalReason[],
];

/** What is left of a withdrawn release. */
export const withdrawal = z.object({
  releaseId: z.uuid(),
  siteId,
  version: releaseVersion,
  withdrawnAt: isoDateTime,
  /** Of {@link WITHDRAWAL_REASONS}; one that this version doesn't know yet reads as any text. */
  reason: z.string().max(60),
});
export type Withdrawal = z.infer<typeof withdrawal>;
