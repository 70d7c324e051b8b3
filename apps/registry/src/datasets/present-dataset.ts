import type { Dataset, ReleaseManifest } from '@synspine/protocol';
import type { Release, Site } from '../generated/client.ts';
import { type Tombstones, withdrawnAncestors } from '../withdrawals/tombstones.ts';

/** The payload of a manifest that was verified when it was announced. */
export function readStoredManifest(jws: string): ReleaseManifest {
  return JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as ReleaseManifest;
}

/** A published release as the API shows it, with those of `tombstones` that its weights began from. */
export function presentDataset(
  release: Release & { site: Pick<Site, 'name'> },
  tombstones: Tombstones = new Map(),
): Dataset {
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
