import { type Dataset, dataset, type ReleaseManifest } from '@synspine/protocol';
import type { Logger } from 'pino';
import type { Release, Site } from '../generated/client.ts';
import type { Presentation } from '../http/present-sound.ts';
import { type Tombstones, withdrawnAncestors } from '../withdrawals/tombstones.ts';

type NamedRelease = Release & { site: Pick<Site, 'name'> };

/** The payload of a manifest that was verified when it was announced. */
export function readStoredManifest(jws: string): ReleaseManifest {
  return JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as ReleaseManifest;
}

/** A published release as the API shows it, with those of `tombstones` that its weights began from. */
export function presentDataset(release: NamedRelease, tombstones: Tombstones = new Map()): Dataset {
  const manifest = readStoredManifest(release.manifest);
  const ancestors = withdrawnAncestors(manifest, tombstones);
  return {
    id: release.id,
    siteId: release.siteId,
    siteName: release.site.name,
    version: release.version,
    publishedAt: release.publishedAt!.toISOString(),
    manifestSha256: release.manifestSha256,
    manifest,
    ...(ancestors.length > 0 && { withdrawnAncestors: ancestors }),
  };
}

/** How published releases are shown where one of them may be damaged. */
export const datasetsOf = (
  log: Logger,
  tombstones: Tombstones,
): Presentation<NamedRelease, typeof dataset> => ({
  ...{ log, table: 'release', schema: dataset },
  present: (release) => presentDataset(release, tombstones),
  idOf: ({ id }) => id,
});
