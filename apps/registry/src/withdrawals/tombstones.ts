import type { ReleaseManifest, Withdrawal } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';
import type { Release } from '../generated/client.ts';

/** Withdrawn releases by the SHA-256 of their generator, which lineages name. */
export type Tombstones = ReadonlyMap<string, Withdrawal>;

/** What is left of a withdrawn release. */
export function presentWithdrawal(
  release: Pick<Release, 'id' | 'siteId' | 'version' | 'withdrawnAt' | 'withdrawalReason'>,
): Withdrawal {
  const { id: releaseId, siteId, version, withdrawnAt, withdrawalReason } = release;
  return {
    ...{ releaseId, siteId, version },
    withdrawnAt: withdrawnAt!.toISOString(),
    reason: withdrawalReason!,
  };
}

/** Of releases that were published: nobody else can have begun from one that nobody saw. */
export async function findTombstones(db: Queries): Promise<Tombstones> {
  const files = await db.releaseFile.findMany({
    where: { kind: 'generator', release: { status: 'withdrawn', publishedAt: { not: null } } },
    include: { release: true },
    orderBy: { releaseId: 'asc' },
  });
  return new Map(files.map(({ sha256, release }) => [sha256, presentWithdrawal(release)]));
}

/** The withdrawn releases that a release's weights began from, or are the weights of. */
export function withdrawnAncestors(manifest: ReleaseManifest, tombstones: Tombstones): Withdrawal[] {
  if (tombstones.size === 0) return [];
  const own = manifest.files.filter(({ kind }) => kind === 'generator');
  const hashes = [...own, ...(manifest.lineage?.ancestors ?? [])].map(({ sha256 }) => sha256);
  return [...new Set(hashes)].flatMap((sha256) => tombstones.get(sha256) ?? []);
}
