import type { Role, SiteOverview, VerifierSeen } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';
import { presentDataset } from '../datasets/present-dataset.ts';
import type { Release, Site } from '../generated/client.ts';
import { findVerifier, presentProgress } from '../releases/present-release.ts';
import { findTombstones, type Tombstones } from '../withdrawals/tombstones.ts';

/**
 * Every hospital with its last status and newest data set, by id. The benchmark isn't one. Admins are also told of a newer
 * release that isn't published: for everybody else it doesn't exist.
 */
export async function listSites(
  db: Queries,
  role: Role,
): Promise<{ sites: SiteOverview[]; verifier: VerifierSeen }> {
  const newest = { orderBy: { version: 'desc' }, take: 1 } as const;
  const sites = await db.site.findMany({
    where: { kind: 'site' },
    orderBy: { id: 'asc' },
    include: { releases: { where: { status: 'published' }, ...newest } },
  });
  const pending = role === 'admin' ? await findPending(db) : new Map<string, Release>();
  const tombstones = await findTombstones(db);
  return {
    sites: sites.map(({ releases: [latest], ...site }) =>
      describeSite(site, { latest, pending: pending.get(site.id), tombstones }),
    ),
    verifier: await findVerifier(db),
  };
}

function describeSite(
  site: Site,
  { latest, pending, tombstones }: { latest?: Release; pending?: Release; tombstones: Tombstones },
): SiteOverview {
  return {
    id: site.id,
    name: site.name,
    enrolledAt: site.enrolledAt?.toISOString() ?? null,
    seenAt: site.seenAt?.toISOString() ?? null,
    suspendedAt: site.suspendedAt?.toISOString() ?? null,
    revokedAt: site.revokedAt?.toISOString() ?? null,
    status: site.status as SiteOverview['status'],
    latest: latest ? presentDataset({ ...latest, site }, tombstones) : null,
    pending: pending ? presentProgress(pending) : null,
  };
}

/** Of each site the newest complete release, where it isn't published. */
async function findPending(db: Queries): Promise<Map<string, Release>> {
  const newest = await db.release.findMany({
    where: { status: { not: 'uploading' } },
    distinct: ['siteId'], // keeps the first row of a site
    orderBy: [{ siteId: 'asc' }, { version: 'desc' }],
  });
  return new Map(newest.filter(({ status }) => status !== 'published').map((r) => [r.siteId, r]));
}
