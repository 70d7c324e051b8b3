import { setTimeout as sleep } from 'node:timers/promises';
import { PROBLEMS, type ProblemCode } from '@synspine/protocol';
import { errorCode } from '../site-error.ts';

const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 30_000;

const AWAY = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => PROBLEMS[code][0] >= 500);

/**
 * What the network, a proxy, a clock or the registry's state causes: nothing that the run did, and gone once somebody has mended it.
 * A registry that was set up anew, or a clock that is wrong, refuses tokens and proofs that are right.
 */
const LATER: ReadonlySet<string> = new Set([
  ...AWAY,
  'REGISTRY_UNREACHABLE',
  'REGISTRY_ANSWER_INVALID',
  'REGISTRY_REDIRECTED', // a proxy's notice, say
  'SITE_SUSPENDED',
  'RATE_LIMITED',
  'CLOCK_SKEW',
  'DATE_IN_FUTURE',
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REPLAYED',
  'PROOF_INVALID',
  'FORBIDDEN',
  'PART_DIGEST_MISMATCH', // what is sent is hashed right before
]);

/** Whether trying again later can help. */
export function isTransient(error: unknown): boolean {
  return LATER.has(errorCode(error));
}

/** Calls `send` until it succeeds, waiting 0.5 s, 1 s, 2 s … (±25 %) between tries; throws the last error. */
export async function retry<T>(
  send: () => Promise<T>,
  { tries, signal }: { tries: number; signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      if (attempt >= tries || !isTransient(error)) throw error;
    }
    const wait = Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    await sleep(wait * (0.75 + Math.random() / 2), undefined, { signal });
  }
}
