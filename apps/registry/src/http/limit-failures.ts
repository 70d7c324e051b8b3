import { createHash } from 'node:crypto';
import { ProblemError } from '@synspine/protocol';

const WINDOW_MS = 60_000;
/** An honest client that is refused asks again a few times a minute; somebody who guesses, far more often. */
export const FAILURES_MAX = 100;
const COUNTS_MAX = 10_000; // bounds the memory of each count; beyond it the count starts anew
// What the registry says of a credential that it doesn't know. A known one with a wrong clock or proof isn't a guess.
const UNKNOWN = new Set(['TOKEN_INVALID', 'ENROLMENT_CODE_INVALID']);

/**
 * Tries a credential that came from an address. Throws RATE_LIMITED, before any work, for a credential that was refused a
 * hundred times from there within a minute; and instead of the refusal, for an unknown one from an address that sent a
 * hundred others. A valid credential is never limited, whoever shares its address.
 */
export type AttemptCredential = <T>(
  from: { address: string; credential: string },
  work: () => Promise<T>,
) => Promise<T>;

export function limitFailures(now: () => number): AttemptCredential {
  const ofAddress = countByMinute(now);
  const ofCredential = countByMinute(now);
  return async ({ address, credential }, work) => {
    const pair = `${address} ${createHash('sha256').update(credential).digest('base64')}`;
    if (ofCredential.read(pair) >= FAILURES_MAX) throw tooMany();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ProblemError && UNKNOWN.has(error.code))) throw error;
      ofCredential.add(pair);
      throw ofAddress.add(address) > FAILURES_MAX ? tooMany() : error;
    }
  };
}

function tooMany(): ProblemError {
  return new ProblemError('RATE_LIMITED', 'too many unknown credentials; a valid one is never limited');
}

/** Counts by key within a minute. A clock that was set back begins a new one, or a key would be held until it caught up. */
function countByMinute(now: () => number) {
  let windowStart = now();
  const counts = new Map<string, number>();
  const current = () => {
    if (Math.abs(now() - windowStart) >= WINDOW_MS || counts.size >= COUNTS_MAX) {
      windowStart = now();
      counts.clear();
    }
    return counts;
  };
  return {
    read: (key: string) => current().get(key) ?? 0,
    add(key: string) {
      const count = (current().get(key) ?? 0) + 1;
      counts.set(key, count);
      return count;
    },
  };
}
