import { describeProgress, type ReleaseProgress, type VerifierSeen } from '@synspine/protocol';
import type { Home } from '../home.ts';
import { isEnrolled } from '../home.ts';
import type { RunSummary } from '../runs/run-summary.ts';
import { openRegistry } from './open-registry.ts';

const TIMEOUT_MS = 10_000;

/** Where this site's releases stand at the registry, and when one that verifies was last seen there. */
export type OwnReleases = { releases: ReleaseProgress[]; verifier: VerifierSeen };

/** Asks the registry; null where it does not answer or can't tell, since nobody's status should wait for that. */
export async function askReleases(home: Home): Promise<OwnReleases | null> {
  if (!isEnrolled(home)) return null;
  try {
    const { client } = await openRegistry(home);
    return await client.call('listOwnReleases', {}, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    return null;
  }
}

/** A release's state in a sentence: as the registry tells it now, else as it was when the upload was complete. */
export function describeRelease(
  { id, version, state }: NonNullable<RunSummary['release']>,
  own: OwnReleases | null,
): string {
  const now = own?.releases.find(({ releaseId }) => releaseId === id);
  if (own && now) return describeProgress(now, own.verifier);
  return state === 'verifying'
    ? `release ${version} was sent and waits for verification`
    : `release ${version} is ${state}`;
}

/** The summary with its release's state of now. */
export function updateRelease(summary: RunSummary, own: OwnReleases | null): RunSummary {
  const now = own?.releases.find(({ releaseId }) => releaseId === summary.release?.id);
  if (!summary.release || !now) return summary;
  return { ...summary, release: { ...summary.release, state: now.state, code: now.code } };
}
