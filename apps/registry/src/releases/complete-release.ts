import { type Dataset, type ProblemCode, ProblemError } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import { presentDataset } from '../datasets/present-dataset.ts';
import type { Deps } from '../deps.ts';
import type { ReleaseFile } from '../generated/client.ts';
import { lockSite } from '../sites/enrolment.ts';
import { newObjectKey, requireNewVersion } from './announce-release.ts';
import { findOwnRelease } from './repository.ts';

type PublishDeps = Pick<Deps, 'prisma' | 'store' | 'clock'>;

/**
 * Verifies every file on its stored bytes, then publishes in one transaction with the audit row: a release is visible
 * if and only if both are there. Whatever step a crash cuts, the next call goes on from there. Throws NOT_FOUND,
 * RELEASE_INCOMPLETE, FILE_HASH_MISMATCH, RELEASE_EXISTS or VERSION_NOT_MONOTONIC.
 */
export async function publishRelease(deps: PublishDeps, siteId: string, releaseId: string): Promise<Dataset> {
  const release = await findOwnRelease(deps.prisma, siteId, releaseId);
  if (release.status === 'published') return presentDataset(release);
  for (const file of release.files) if (!file.verifiedAt) await verifyFile(deps, file);
  return inTransaction(deps.prisma, async (tx) => {
    await lockSite(tx, siteId);
    const current = await findOwnRelease(tx, siteId, releaseId);
    if (current.status === 'published') return presentDataset(current);
    if (current.files.some((file) => !file.verifiedAt)) throw new ProblemError('RELEASE_INCOMPLETE');
    await requireNewVersion(tx, siteId, current.version);
    const publishedAt = deps.clock();
    const data = { status: 'published', publishedAt };
    await tx.release.update({ where: { id: releaseId }, data });
    await appendAudit(tx, { at: publishedAt, actor: siteId, action: 'release.publish', subject: releaseId });
    return presentDataset({ ...current, ...data });
  });
}

const STORE_PROBLEMS: Record<string, ProblemCode> = {
  PART_MISSING: 'RELEASE_INCOMPLETE',
  PART_INVALID: 'RELEASE_INCOMPLETE',
  UPLOAD_NOT_FOUND: 'RELEASE_INCOMPLETE',
  DIGEST_MISMATCH: 'FILE_HASH_MISMATCH',
};

/** Has the store join the parts, which checks size and SHA-256 of the whole, and writes down that it did. */
async function verifyFile(deps: PublishDeps, file: ReleaseFile): Promise<void> {
  const { releaseId, name, uploadId, objectKey } = file;
  if (!uploadId) throw new ProblemError('RELEASE_INCOMPLETE', name);
  try {
    await deps.store.complete(uploadId, file.sha256, Number(file.size));
  } catch (error) {
    const code = STORE_PROBLEMS[(error as { code?: string }).code ?? ''];
    if (code === 'FILE_HASH_MISMATCH') await startOver(deps, file, uploadId);
    throw code ? new ProblemError(code, name) : error;
  }
  await deps.prisma.releaseFile.updateMany({
    where: { releaseId, name, objectKey },
    data: { verifiedAt: deps.clock() },
  });
}

/** Every part may be the wrong one, so all are dropped and the state lists none. */
async function startOver({ prisma, store }: PublishDeps, file: ReleaseFile, uploadId: string): Promise<void> {
  const { releaseId, name } = file;
  await prisma.releaseFile.updateMany({
    where: { releaseId, name, uploadId },
    data: { uploadId: null, objectKey: newObjectKey(releaseId) },
  });
  await store.abort(uploadId);
}
