import { ProblemError } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';

/** A release of this very site with its files, by name. Throws NOT_FOUND, also for another site's. */
export async function findOwnRelease(db: Queries, siteId: string, id: string) {
  const release = await db.release.findFirst({
    where: { id, siteId },
    include: { files: { orderBy: { name: 'asc' } }, site: { select: { name: true } } },
  });
  if (!release) throw new ProblemError('NOT_FOUND');
  return release;
}

const OWN_RELEASES_MAX = 100;

/** A site's releases, the highest version first. */
export function findOwnReleases(db: Queries, siteId: string) {
  return db.release.findMany({
    where: { siteId },
    orderBy: [{ version: 'desc' }, { createdAt: 'desc' }],
    take: OWN_RELEASES_MAX,
  });
}

/** One file of a release of this very site. Throws NOT_FOUND, also for another site's. */
export async function findOwnFile(db: Queries, siteId: string, releaseId: string, name: string) {
  const file = await db.releaseFile.findFirst({ where: { releaseId, name, release: { siteId } } });
  if (!file) throw new ProblemError('NOT_FOUND');
  return file;
}
