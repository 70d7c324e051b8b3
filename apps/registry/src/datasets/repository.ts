import { ProblemError, type ReleaseFile } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';
import { presentWithdrawal } from '../withdrawals/tombstones.ts';

const DATASETS_MAX = 500;
// The predicate of every read here: what isn't published doesn't exist for anybody but the site that sends it.
const published = { status: 'published' } as const;

/** Published releases, newest first; `latest` keeps each site's highest version. */
export async function findDatasets(db: Queries, filter: { site?: string; latest?: boolean }) {
  const newest = filter.latest ? { id: { in: await newestIds(db) } } : {};
  const site = filter.site === undefined ? {} : { siteId: filter.site };
  return db.release.findMany({
    where: { ...published, ...site, ...newest },
    include: { site: { select: { name: true } } },
    orderBy: [{ publishedAt: 'desc' }, { id: 'asc' }],
    take: DATASETS_MAX,
  });
}

async function newestIds(db: Queries): Promise<string[]> {
  const rows = await db.release.findMany({
    where: published,
    distinct: ['siteId'], // keeps the first row of a site
    orderBy: [{ siteId: 'asc' }, { version: 'desc' }],
    select: { id: true },
  });
  return rows.map((row) => row.id);
}

/** Throws NOT_FOUND or RELEASE_WITHDRAWN. */
export async function findDataset(db: Queries, id: string) {
  const where = { id, ...published };
  const release = await db.release.findFirst({ where, include: { site: { select: { name: true } } } });
  if (!release) throw await explainAbsence(db, id);
  return release;
}

/** A file of a published release, by its name or as its only one of a kind. Throws NOT_FOUND or RELEASE_WITHDRAWN. */
export async function findDatasetFile(
  db: Queries,
  releaseId: string,
  which: { name?: string; kind: ReleaseFile['kind'] },
) {
  const file = await db.releaseFile.findFirst({ where: { releaseId, ...which, release: published } });
  if (!file) throw await explainAbsence(db, releaseId);
  return file;
}

/** A release that people could see leaves a tombstone; one that was withdrawn before that never was there for them. */
async function explainAbsence(db: Queries, id: string): Promise<ProblemError> {
  const gone = await db.release.findFirst({ where: { id, status: 'withdrawn', publishedAt: { not: null } } });
  if (!gone) return new ProblemError('NOT_FOUND');
  return new ProblemError('RELEASE_WITHDRAWN', undefined, { withdrawal: presentWithdrawal(gone) });
}
