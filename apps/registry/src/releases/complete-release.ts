import { type CompletedRelease, type ContentCode, type ProblemCode, ProblemError } from '@synspine/protocol';
import { readHeader, SAFETENSORS_HEAD_BYTES_MAX, SafetensorsError } from '@synspine/safetensors';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { ReleaseFile } from '../generated/client.ts';
import { lockSite } from '../sites/enrolment.ts';
import { requireTrustedKey } from '../sites/signing-keys.ts';
import { newObjectKey, requireNewVersion } from './announce-release.ts';
import { decideRelease } from './decide-release.ts';
import { presentCompleted } from './present-release.ts';
import { findOwnRelease } from './repository.ts';

type CompleteDeps = Pick<Deps, 'prisma' | 'store' | 'clock'>;

/**
 * Checks every file's size and hash on its stored bytes and the header of the generator, the one content that can be read
 * without decoders and tensors. Then the release waits as `verifying`, invisible, until its other contents were looked at;
 * with a bad header it is quarantined at once. State and audit row are one transaction: whatever step a crash cuts, the
 * next call goes on from there. Throws NOT_FOUND, RELEASE_INCOMPLETE, FILE_HASH_MISMATCH, RELEASE_EXISTS,
 * VERSION_NOT_MONOTONIC or SIGNATURE_INVALID.
 */
export async function completeRelease(
  deps: CompleteDeps,
  siteId: string,
  releaseId: string,
): Promise<CompletedRelease> {
  const release = await findOwnRelease(deps.prisma, siteId, releaseId);
  if (release.status !== 'uploading') return presentCompleted(release);
  for (const file of release.files) if (!file.verifiedAt) await verifyFile(deps, file);
  const code = await checkWeights(deps, releaseId);
  return inTransaction(deps.prisma, async (tx) => {
    await lockSite(tx, siteId);
    const current = await findOwnRelease(tx, siteId, releaseId);
    if (current.status !== 'uploading') return presentCompleted(current);
    if (current.files.some((file) => !file.verifiedAt)) throw new ProblemError('RELEASE_INCOMPLETE');
    await requireNewVersion(tx, siteId, current.version);
    await requireTrustedKey(tx, siteId, current.manifest); // it may have been reported since the announcement
    const now = deps.clock();
    await tx.release.update({ where: { id: releaseId }, data: { status: 'verifying', completedAt: now } });
    await appendAudit(tx, { at: now, actor: siteId, action: 'release.complete', subject: releaseId });
    if (code) await decideRelease(tx, { releaseId, verdict: code, actor: 'registry', now });
    return presentCompleted(await findOwnRelease(tx, siteId, releaseId));
  });
}

/** The header of the generator's stored bytes, by its beginning and its size. */
async function checkWeights(
  { prisma, store }: CompleteDeps,
  releaseId: string,
): Promise<ContentCode | undefined> {
  const file = await prisma.releaseFile.findFirst({ where: { releaseId, kind: 'generator' } });
  if (!file?.verifiedAt) throw new ProblemError('RELEASE_INCOMPLETE', file?.name);
  const size = Number(file.size);
  const end = Math.min(size, SAFETENSORS_HEAD_BYTES_MAX) - 1;
  const { stream } = await store.get(file.objectKey, { start: 0, end });
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  try {
    readHeader(Buffer.concat(chunks), size);
    return undefined;
  } catch (error) {
    if (error instanceof SafetensorsError) return 'CONTENT_WEIGHTS_HEADER';
    throw error;
  }
}

const STORE_PROBLEMS: Record<string, ProblemCode> = {
  PART_MISSING: 'RELEASE_INCOMPLETE',
  PART_INVALID: 'RELEASE_INCOMPLETE',
  UPLOAD_NOT_FOUND: 'RELEASE_INCOMPLETE',
  DIGEST_MISMATCH: 'FILE_HASH_MISMATCH',
};

/** Has the store join the parts, which checks size and SHA-256 of the whole, and writes down that it did. */
async function verifyFile(deps: CompleteDeps, file: ReleaseFile): Promise<void> {
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
async function startOver(
  { prisma, store }: CompleteDeps,
  file: ReleaseFile,
  uploadId: string,
): Promise<void> {
  const { releaseId, name } = file;
  await prisma.releaseFile.updateMany({
    where: { releaseId, name, uploadId },
    data: { uploadId: null, objectKey: newObjectKey(releaseId) },
  });
  await store.abort(uploadId);
}
