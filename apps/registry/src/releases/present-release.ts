import {
  CONTENT_PROBLEMS,
  type CompletedRelease,
  type ContentCode,
  type ReleaseProgress,
  releaseProgress,
  type VerifierSeen,
} from '@synspine/protocol';
import type { Logger } from 'pino';
import type { Queries } from '../database/open-database.ts';
import { presentDataset } from '../datasets/present-dataset.ts';
import type { Release, Site } from '../generated/client.ts';
import type { Presentation } from '../http/present-sound.ts';

/** Where a release stands, for its site and the admin. */
export function presentProgress(release: Release): ReleaseProgress {
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

export function presentCompleted(release: Release & { site: Pick<Site, 'name'> }): CompletedRelease {
  const publishedAt = release.publishedAt ?? release.completedAt;
  return { ...presentDataset({ ...release, publishedAt }), progress: presentProgress(release) };
}

/** When a worker last asked for releases to verify. */
export async function findVerifier(db: Queries): Promise<VerifierSeen> {
  const { _max } = await db.site.aggregate({ _max: { verifierSeenAt: true } });
  return { seenAt: _max.verifierSeenAt?.toISOString() ?? null };
}
