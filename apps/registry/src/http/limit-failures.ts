import { ProblemError } from '@synspine/protocol';
import type { FastifyInstance } from 'fastify';

const WINDOW_MS = 60_000;
/** An honest client that is refused asks again a few times a minute; somebody who guesses, far more often. */
export const FAILURES_MAX = 100;
const ADDRESSES_MAX = 10_000; // bounds the memory; beyond it the count starts anew

/**
 * Answers RATE_LIMITED to an address that was refused a hundred times within a minute. Only refusals of credentials
 * count, so no amount of honest traffic behind one address is slowed.
 */
export function limitFailures(app: FastifyInstance, now: () => number): void {
  let windowStart = now();
  const failures = new Map<string, number>();
  // A clock that was set back ends the window too, or an address would be refused until it has caught up.
  const startWindow = () => {
    if (Math.abs(now() - windowStart) < WINDOW_MS && failures.size < ADDRESSES_MAX) return;
    windowStart = now();
    failures.clear();
  };
  app.addHook('onRequest', async (request) => {
    startWindow();
    if ((failures.get(request.ip) ?? 0) >= FAILURES_MAX) throw new ProblemError('RATE_LIMITED');
  });
  app.addHook('onResponse', async (request) => {
    const { status, code } = request.problem ?? {};
    if (status !== 401 && code !== 'ENROLMENT_CODE_INVALID') return;
    failures.set(request.ip, (failures.get(request.ip) ?? 0) + 1);
  });
}
