import { type Dataset, dataset, type ReleaseManifest } from '@synspine/protocol';
import type { Logger } from 'pino';
import type { Release, Site } from '../generated/client.ts';
import type { Presentation } from '../http/present-sound.ts';

type NamedRelease = Release & { site: Pick<Site, 'name'> };

/** The payload of a manifest that was verified when it was announced. */
export function readStoredManifest(jws: string): ReleaseManifest {
  return JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as ReleaseManifest;
}

/** A published release as the API shows it. */
export function presentDataset(release: NamedRelease): Dataset {
  return {
    id: release.id,
    siteId: release.siteId,
    siteName: release.site.name,
    version: release.version,
    publishedAt: release.publishedAt!.toISOString(),
    manifestSha256: release.manifestSha256,
    manifest: readStoredManifest(release.manifest),
  };
}

/** How published releases are shown where one of them may be damaged. */
export const datasetsOf = (log: Logger): Presentation<NamedRelease, typeof dataset> => ({
  ...{ log, table: 'release', schema: dataset, present: presentDataset },
  idOf: ({ id }) => id,
});
