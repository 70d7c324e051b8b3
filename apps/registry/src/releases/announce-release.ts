import { randomUUID } from 'node:crypto';
import { ProblemError, type PublicJwk, type ReleaseManifest } from '@synspine/protocol';
import { verifyManifest } from '@synspine/release';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { lockSite } from '../sites/enrolment.ts';
import { claimIdempotencyKey } from './idempotency.ts';
import { requireSound } from './require-sound.ts';
import { requireTakeable } from './require-takeable.ts';

/**
 * Takes a signed release before its files: signature by the caller's own key, schema, audit, siteId, version. The
 * same manifest again is the same release, whatever the key. Returns its id. Throws SIGNATURE_INVALID, MANIFEST_INVALID,
 * AUDIT_NOT_APPROVED, UPGRADE_REQUIRED, DATE_IN_FUTURE, DEMONSTRATION_REFUSED, SITE_MISMATCH, VERSION_NOT_MONOTONIC,
 * VERSION_TOO_FAR, RELEASE_EXISTS, IDEMPOTENCY_CONFLICT.
 */
export async function announceRelease(
  { prisma, clock, config }: Pick<Deps, 'prisma' | 'clock' | 'config'>,
  siteId: string,
  jws: string,
  idempotencyKey: string,
): Promise<string> {
  const { signingKey } = await prisma.site.findUniqueOrThrow({ where: { id: siteId } });
  if (!signingKey) throw new ProblemError('SITE_REVOKED'); // since the caller was let in
  const { manifest, manifestSha256 } = await verifyManifest(jws, signingKey as PublicJwk);
  if (manifest.siteId !== siteId) throw new ProblemError('SITE_MISMATCH');
  const now = clock();
  requireTakeable(manifest, config, now);
  requireSound(manifest);
  return inTransaction(prisma, async (tx) => {
    await lockSite(tx, siteId); // one announcement of a site at a time, so that parallel ones make one release
    await claimIdempotencyKey(tx, { siteId, key: idempotencyKey, request: jws, now });
    const where = { siteId_manifestSha256: { siteId, manifestSha256 } };
    const known = await tx.release.findUnique({ where });
    if (known?.status === 'uploading' && known.manifest !== jws)
      // signed again, after the site's keys were replaced
      await tx.release.update({ where, data: { manifest: jws } });
    if (known) return known.id;
    await requireNewVersion(tx, siteId, manifest.version);
    return createRelease(tx, { manifest, manifestSha256, jws, now });
  });
}

// Versions only grow. A site whose releases failed on the way is some ahead; beyond that one would use up all that are left.
const VERSION_STEP_MAX = 1_000;

/**
 * Throws RELEASE_EXISTS when this version, VERSION_NOT_MONOTONIC when a later one has come whole, VERSION_TOO_FAR when it is
 * far beyond the latest.
 */
export async function requireNewVersion(tx: Queries, siteId: string, version: number): Promise<void> {
  const latest = await latestVersion(tx, siteId);
  if (latest === version) throw new ProblemError('RELEASE_EXISTS');
  if (latest > version) throw new ProblemError('VERSION_NOT_MONOTONIC', `the latest is ${latest}`);
  if (version > latest + VERSION_STEP_MAX)
    throw new ProblemError('VERSION_TOO_FAR', `the latest is ${latest}`);
}

/** The highest version that a site has sent whole, whatever became of it; 0 for none. */
export async function latestVersion(db: Queries, siteId: string): Promise<number> {
  const where = { siteId, status: { not: 'uploading' } };
  return (await db.release.aggregate({ where, _max: { version: true } }))._max.version ?? 0;
}

async function createRelease(
  tx: Queries,
  {
    manifest,
    manifestSha256,
    jws,
    now,
  }: { manifest: ReleaseManifest; manifestSha256: string; jws: string; now: Date },
): Promise<string> {
  const id = randomUUID();
  const { siteId, version } = manifest;
  const data = { id, siteId, version, manifest: jws, manifestSha256, status: 'uploading', createdAt: now };
  await tx.release.create({ data });
  const files = manifest.files.map((file) => ({ ...file, releaseId: id, objectKey: newObjectKey(id) }));
  await tx.releaseFile.createMany({ data: files });
  return id;
}

/** A name that was never used, so that nothing can be written under a verified object. */
export function newObjectKey(releaseId: string): string {
  return `releases/${releaseId}/${randomUUID()}`;
}
