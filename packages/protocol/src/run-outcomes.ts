import type { ExitName } from './exit-codes.ts';

/** How a run that is over ended: the name of the exit code of the program that ran it. */
export type RunOutcome = Extract<
  ExitName,
  'done' | 'failed' | 'rejected' | 'undecided' | 'nothing' | 'waiting' | 'configuration'
>;

/**
 * Why a run ended without a release: the only reasons that a site tells the centre, how each counts, and its words. A reason of
 * another kind is told as OTHER, so nothing else can leave in this field.
 */
export const RUN_REASONS = {
  AUDIT_REJECTED: ['rejected', 'the privacy audit rejected the release'],
  AUDIT_UNDECIDED: ['undecided', 'too few held-out patients for the privacy audit to decide'],
  AUDIT_NOT_APPROVED: ['rejected', 'the registry did not accept the audit'],
  GENERATOR_REJECTED: ['rejected', 'the filters rejected most of the generator’s images'],
  NO_FILMS: ['nothing', 'no film was ingested'],
  TOO_FEW_PATIENTS: ['nothing', 'too few patients to train on'],
  CANCELLED: ['waiting', 'somebody cancelled the run; the next one starts anew'],
  REGISTRY_UNREACHABLE: ['waiting', 'the registry did not answer'],
  RATE_LIMITED: ['waiting', 'the registry asked for a pause'],
  SITE_SUSPENDED: ['waiting', 'the registry’s admin suspended the site'],
  STORE_UNAVAILABLE: ['waiting', 'the registry’s store did not answer'],
  DISK_FULL: ['waiting', 'the disk was full'],
  TOO_LARGE_FOR_CPU: ['configuration', 'the preset is too large for the machine'],
  GPU_REQUIRED: ['configuration', 'the GPU that training asks for can not be used'],
  TRAINING_INVALID: ['configuration', 'training.json is not valid'],
  OPTION_INVALID: ['configuration', 'an option of the run is not valid'],
  REGISTRY_REDIRECTED: ['configuration', 'the registry’s address sends to another one'],
  REGISTRY_INSECURE: ['configuration', 'the registry’s address is not https'],
  POLICY_MISSING: ['configuration', 'there is no privacy policy'],
  POLICY_INVALID: ['configuration', 'the privacy policy is not valid'],
  DEMONSTRATION_REFUSED: ['configuration', 'the privacy policy is a demonstration’s'],
  SITE_REVOKED: ['configuration', 'the registry’s admin ended the site’s keys'],
  NOT_ENROLLED: ['configuration', 'the site is not enrolled'],
  HOME_TOO_OPEN: ['configuration', 'a key file could be read by others'],
  INCEPTION_MISSING: ['configuration', 'the Inception weights are not installed'],
  COMPUTE_NOT_SET_UP: ['configuration', 'the compute engine is not set up'],
  CLOCK_SKEW: ['configuration', 'the site’s clock is wrong'],
  DATE_IN_FUTURE: ['configuration', 'the site’s clock is ahead'],
  UPGRADE_REQUIRED: ['configuration', 'the agent is too old'],
  CHILD_ENDED: ['failed', 'the training process ended, often for lack of memory'],
  GENERATOR_CHANGED: ['failed', 'the agent was upgraded during the run'],
  SPINEGAN_WITHOUT_JUDGE: ['failed', 'the run ended before its judge had a say'],
  RUN_FILE_DAMAGED: ['failed', 'a file of the run is damaged'],
  OTHER: ['failed', 'another reason; the site’s own log has it'],
} as const satisfies Record<string, readonly [RunOutcome, words: string]>;

export type RunReason = keyof typeof RUN_REASONS;
export const RUN_REASON_CODES = Object.keys(RUN_REASONS) as [RunReason, ...RunReason[]];

/** A code as the centre may see it. */
export function reasonOf(code: string): RunReason {
  return Object.hasOwn(RUN_REASONS, code) ? (code as RunReason) : 'OTHER';
}
