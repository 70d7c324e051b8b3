import { ProblemError } from '@synspine/protocol';

/**
 * Refuses agents older than `oldest` (both `major.minor.patch`, a suffix like `-beta.1` is ignored). Throws
 * UPGRADE_REQUIRED, also for a version that can't be read.
 */
export function requireAgentVersion(version: string, oldest: string): void {
  const actual = readVersion(version);
  const wanted = readVersion(oldest);
  if (!actual || !wanted || compare(actual, wanted) < 0)
    throw new ProblemError('UPGRADE_REQUIRED', `at least ${oldest}`);
}

function readVersion(version: string): number[] | undefined {
  const match = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(version);
  return match?.slice(1).map(Number);
}

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
