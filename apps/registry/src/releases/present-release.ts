import {
  CONTENT_PROBLEMS,
  type CompletedRelease,
  type ContentCode,
  type ReleaseProgress,
  releaseProgress,
  type VerifierSeen,
  WITHDRAWAL_REASONS,
  type WithdrawalReason,
} from '@synspine/protocol';
import type { Logger } from 'pino';
import type { Queries } from '../database/open-database.ts';
import { presentDataset } from '../datasets/present-dataset.ts';
import type { Release, Site } from '../generated/client.ts';
import type { Presentation } from '../http/present-sound.ts';

/** Where a release stands, for its site and the admin. */
export function presentProgress(release: Release): ReleaseProgress {
  if (release.withdrawnAt) return presentWithdrawn(release, release.withdrawnAt);
  const { id, version, status, contentCode, decidedAt, completedAt, createdAt } = release;
  return {
    releaseId: id,
    version,
    state: status as ReleaseProgress['state'],
    since: (decidedAt ?? completedAt ?? createdAt).toISOString(),
    code: contentCode,
    nextStep: CONTENT_PROBLEMS[contentCode as ContentCode] ?? null,
  };
}

/** How a site's releases are shown where one of them may be damaged. */
export const progressOf = (log: Logger): Presentation<Release, typeof releaseProgress> => ({
  ...{ log, table: 'release', schema: releaseProgress, present: presentProgress },
  idOf: ({ id }) => id,
});

/** In the words that agents before 0.3.0 know: nobody sees it, and `code` says why. */
function presentWithdrawn(
  { id, version, withdrawalReason: code }: Release,
  withdrawnAt: Date,
): ReleaseProgress {
  const nextStep = WITHDRAWAL_REASONS[code as WithdrawalReason] ?? null;
  const since = withdrawnAt.toISOString();
  return { releaseId: id, version, state: 'quarantined', since, code, nextStep, withdrawn: true };
}

export function presentCompleted(release: Release & { site: Pick<Site, 'name'> }): CompletedRelease {
  const publishedAt = release.publishedAt ?? release.completedAt;
  return { ...presentDataset({ ...release, publishedAt }), progress: presentProgress(release) };
}

/** When a worker last asked for releases to verify. */
export async function findVerifier(db: Queries): Promise<VerifierSeen> {
  const { _max } = await db.site.aggregate({ _max: { verifierSeenAt: true } });
  return { seenAt: _max.verifierSeenAt?.toISOString() ?? null };
}
