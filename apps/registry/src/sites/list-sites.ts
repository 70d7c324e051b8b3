import {
  type Role,
  type SiteOverview,
  type SiteStatus,
  siteOverview,
  siteStatus,
  type VerifierSeen,
} from '@synspine/protocol';
import type { Logger } from 'pino';
import type { Queries } from '../database/open-database.ts';
import { datasetsOf } from '../datasets/present-dataset.ts';
import type { Deps } from '../deps.ts';
import type { Release, Site } from '../generated/client.ts';
import { presentSound } from '../http/present-sound.ts';
import { findVerifier, progressOf } from '../releases/present-release.ts';
import { findTombstones, type Tombstones } from '../withdrawals/tombstones.ts';

/**
 * Every hospital with its last status and newest data set, by id. The benchmark isn't one. Admins are also told of a newer
 * release that isn't published: for everybody else it doesn't exist. What is damaged of a site is null.
 */
export async function listSites(
  { prisma: db, log }: Pick<Deps, 'prisma' | 'log'>,
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
    sites: presentSound(sites, {
      ...{ log, table: 'site', schema: siteOverview, idOf: ({ id }) => id },
      present: ({ releases: [latest], ...site }) =>
        describeSite(log, site, { latest, pending: pending.get(site.id), tombstones }),
    }),
    verifier: await findVerifier(db),
  };
}

function describeSite(
  log: Logger,
  site: Site,
  { latest, pending, tombstones }: { latest?: Release; pending?: Release; tombstones: Tombstones },
): SiteOverview {
  const shown = latest ? [{ ...latest, site }] : [];
  const [dataset = null] = presentSound(shown, datasetsOf(log, tombstones));
  const [progress = null] = presentSound(pending ? [pending] : [], progressOf(log));
  const [status = null] = presentSound(site.status ? [site] : [], {
    ...{ log, table: 'site', schema: siteStatus, idOf: ({ id }) => id },
    present: (row) => row.status as SiteStatus,
  });
  return {
    id: site.id,
    name: site.name,
    enrolledAt: site.enrolledAt?.toISOString() ?? null,
    seenAt: site.seenAt?.toISOString() ?? null,
    suspendedAt: site.suspendedAt?.toISOString() ?? null,
    revokedAt: site.revokedAt?.toISOString() ?? null,
    status,
    latest: dataset,
    pending: progress,
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
