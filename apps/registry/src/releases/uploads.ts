import { createHash } from 'node:crypto';
import { PART_BYTES, ProblemError, type UploadState } from '@synspine/protocol';
import type { Deps } from '../deps.ts';
import type { ReleaseFile } from '../generated/client.ts';
import { checkDigest } from '../http/content-digest.ts';
import { partCount, partLength } from './parts.ts';
import { presentProgress } from './present-release.ts';
import { findOwnFile, findOwnRelease } from './repository.ts';

type UploadDeps = Pick<Deps, 'prisma' | 'store'>;

const FILES_AT_ONCE = 16; // each asks the object store once

/** What has arrived of a site's release. Throws NOT_FOUND. */
export async function readUploadState(
  { prisma, store }: UploadDeps,
  siteId: string,
  releaseId: string,
): Promise<UploadState> {
  const release = await findOwnRelease(prisma, siteId, releaseId);
  const files: UploadState['files'] = [];
  for (let at = 0; at < release.files.length; at += FILES_AT_ONCE)
    files.push(
      ...(await Promise.all(
        release.files.slice(at, at + FILES_AT_ONCE).map((file) => describe(store, file)),
      )),
    );
  const status = release.status === 'published' ? 'published' : 'uploading';
  return { releaseId, status, partBytes: PART_BYTES, files, progress: presentProgress(release) };
}

async function describe(store: Deps['store'], file: ReleaseFile): Promise<UploadState['files'][number]> {
  const { name, sha256 } = file;
  const size = Number(file.size);
  return { name, size, sha256, parts: await heldParts(store, file, partCount(size)) };
}

async function heldParts(store: Deps['store'], file: ReleaseFile, count: number): Promise<number[]> {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  if (file.verifiedAt) return all;
  if (!file.uploadId) return [];
  try {
    return (await store.listParts(file.uploadId)).map((part) => part.partNumber);
  } catch (error) {
    if (!isGone(error)) throw error;
    return (await store.head(file.objectKey)) ? all : []; // joined by a server that died before it wrote that down
  }
}

function isGone(error: unknown): boolean {
  return (error as { code?: string }).code === 'UPLOAD_NOT_FOUND';
}

/**
 * Stores one part of a file that isn't complete yet; a part of a complete one is dropped. Throws NOT_FOUND,
 * PART_OUT_OF_RANGE or PART_DIGEST_MISMATCH.
 */
export async function receivePart(
  deps: UploadDeps,
  siteId: string,
  sent: { releaseId: string; name: string; part: number; digest: string; bytes: Buffer },
): Promise<void> {
  const file = await findOwnFile(deps.prisma, siteId, sent.releaseId, sent.name);
  const expected = partLength(Number(file.size), sent.part);
  if (sent.bytes.length !== expected)
    throw new ProblemError('PART_OUT_OF_RANGE', `expected ${expected} bytes, got ${sent.bytes.length}`);
  checkDigest(sent.bytes, sent.digest);
  if (file.verifiedAt) return;
  const sha256 = createHash('sha256').update(sent.bytes).digest('hex');
  const uploadId = file.uploadId ?? (await startUpload(deps, file));
  try {
    await deps.store.putPart(uploadId, sent.part, sent.bytes, sha256);
  } catch (error) {
    if (!isGone(error)) throw error;
    // The store dropped an unfinished upload, or another request just joined it: the next state tells which.
    if (!(await deps.store.head(file.objectKey))) await forgetUpload(deps, file, uploadId);
    throw new ProblemError('RELEASE_INCOMPLETE', 'the upload was joined or dropped meanwhile');
  }
}

/** Of two parts that arrive first at once, one starts the upload; the other's is thrown away. */
async function startUpload({ prisma, store }: UploadDeps, file: ReleaseFile): Promise<string> {
  const uploadId = await store.createUpload(file.objectKey);
  const { releaseId, name, objectKey } = file;
  const { count } = await prisma.releaseFile.updateMany({
    where: { releaseId, name, objectKey, uploadId: null },
    data: { uploadId },
  });
  if (count === 1) return uploadId;
  await store.abort(uploadId);
  const winner = await prisma.releaseFile.findUniqueOrThrow({
    where: { releaseId_name: { releaseId, name } },
  });
  if (!winner.uploadId) throw new ProblemError('RELEASE_INCOMPLETE', 'the file is being sent anew');
  return winner.uploadId;
}

/** Unless somebody else has replaced it already. */
async function forgetUpload({ prisma }: UploadDeps, file: ReleaseFile, uploadId: string): Promise<void> {
  const { releaseId, name } = file;
  await prisma.releaseFile.updateMany({ where: { releaseId, name, uploadId }, data: { uploadId: null } });
}
