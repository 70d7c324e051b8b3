/**
 * What a run can wait for: something outside of it that is away for now. It goes on by itself, however long that takes, and no
 * attempt is counted. The same words at the site and at the registry: "waiting for …, since …".
 */
export const WAITS = {
  REGISTRY_UNREACHABLE: 'the registry to answer',
  REGISTRY_ANSWER_INVALID: 'the registry itself to answer, not something between',
  REGISTRY_REDIRECTED: 'the registry itself to answer, not something between',
  SITE_SUSPENDED: 'the registry’s admin to let the site go on',
  RATE_LIMITED: 'the registry to have time',
  STORE_UNAVAILABLE: 'the registry’s store',
  INTERNAL: 'the registry to be mended',
  CLOCK_SKEW: 'the clock to be set',
  DATE_IN_FUTURE: 'the clock to be set',
  SIGN_IN_REFUSED: 'the registry to let the site in',
  DISK_FULL: 'room on the disk',
  DISK_READ_ONLY: 'the disk to be writable',
  OTHER: 'something else; the site’s own log says what',
} as const satisfies Record<string, string>;

export type WaitReason = keyof typeof WAITS;
export const WAIT_REASONS = Object.keys(WAITS) as [WaitReason, ...WaitReason[]];

const REFUSED_SIGN_IN = /^(TOKEN_(MISSING|INVALID|EXPIRED|REPLAYED)|PROOF_INVALID|FORBIDDEN)$/;

/** What a run waits for that met this code. */
export function waitReasonOf(code: string): WaitReason {
  if (REFUSED_SIGN_IN.test(code)) return 'SIGN_IN_REFUSED';
  return Object.hasOwn(WAITS, code) ? (code as WaitReason) : 'OTHER';
}

export function describeWait({ code, since }: { code: WaitReason; since: string }): string {
  return `waiting for ${WAITS[code]} (${code}) since ${since}`;
}
