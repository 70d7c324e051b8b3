import type { SiteOverview } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';
import { presentDataset } from '../datasets/present-dataset.ts';

/** Every hospital with its last status and newest data set, by id. The benchmark isn't one. */
export async function listSites(db: Queries): Promise<SiteOverview[]> {
  const sites = await db.site.findMany({
    where: { kind: 'site' },
    orderBy: { id: 'asc' },
    include: { releases: { where: { status: 'published' }, orderBy: { version: 'desc' }, take: 1 } },
  });
  return sites.map(({ releases: [latest], ...site }) => ({
    id: site.id,
    name: site.name,
    enrolledAt: site.enrolledAt?.toISOString() ?? null,
    seenAt: site.seenAt?.toISOString() ?? null,
    status: site.status as SiteOverview['status'],
    latest: latest ? presentDataset({ ...latest, site }) : null,
  }));
}
