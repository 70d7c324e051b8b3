import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, ProblemError } from '@synspine/protocol';
import { SiteError } from '../site-error.ts';

const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 30_000;

/** Whether trying again later can help: the network or a proxy in it, the registry's own trouble, or its rate limit. */
export function isTransient(error: unknown): boolean {
  if (error instanceof SiteError) return error.code === 'REGISTRY_UNREACHABLE';
  if (error instanceof ConnectionError) return error.code === 'REGISTRY_REDIRECTED'; // a proxy's notice, say
  return error instanceof ProblemError && (error.status >= 500 || error.code === 'RATE_LIMITED');
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
