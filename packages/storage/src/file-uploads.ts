import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertDigest, digestStream, readPieces, sha256Of } from './digest.ts';
import { makeDir, publishNew, publishOver, syncDir, writeSynced } from './durable-files.ts';
import { StorageError } from './errors.ts';
import {
  assertKey,
  assertPart,
  assertWhole,
  type ObjectInfo,
  type ObjectStore,
  type StoredPart,
} from './object-store.ts';
import { formatUploadId, parseUploadId } from './upload-id.ts';

type Uploads = Pick<ObjectStore, 'createUpload' | 'putPart' | 'listParts' | 'complete' | 'abort'>;

interface Folders {
  objects: string;
  uploads: string;
  tmp: string;
}

const PIECE_BYTES = 1024 * 1024;

/** Uploads in parts as folders `uploads`/UUID with one file per part, named by its number. */
export function createFileUploads(
  { objects, uploads, tmp }: Folders,
  head: (key: string) => Promise<ObjectInfo | undefined>,
): Uploads {
  const locate = (uploadId: string) => {
    const { key, token } = parseUploadId(uploadId);
    return { key, target: join(objects, key), dir: join(uploads, token) };
  };

  /** The object that was asked for stands in place of the upload; throws KEY_EXISTS for another one. */
  const alreadyDone = async (key: string, target: string, sha256: string): Promise<ObjectInfo> => {
    const info = await head(key);
    if (!info) throw new StorageError('UPLOAD_NOT_FOUND');
    const stored = await digestStream(readPieces(target, PIECE_BYTES));
    if (stored.sha256 !== sha256) throw new StorageError('KEY_EXISTS');
    return info;
  };

  const joinAndPublish = async (dir: string, target: string, sha256: string, size: number) => {
    const parts = await partsIn(dir);
    assertWhole(parts, size);
    const whole = await writeSynced(tmp, joinParts(dir, parts));
    if (whole.sha256 !== sha256) {
      await rm(whole.path);
      throw new StorageError('DIGEST_MISMATCH');
    }
    await publishNew(whole.path, target);
  };

  /** Moved away in one step, so that no part can still arrive in it, then removed. */
  const removeUpload = async (dir: string): Promise<void> => {
    const away = join(tmp, randomUUID());
    await rename(dir, away).catch((error) => {
      if (!isMissing(error)) throw error;
    });
    await syncDir(uploads);
    await rm(away, { recursive: true, force: true });
  };

  return {
    createUpload: async (key) => {
      assertKey(key);
      if (await head(key)) throw new StorageError('KEY_EXISTS');
      const token = randomUUID();
      await makeDir(join(uploads, token));
      return formatUploadId({ key, token });
    },
    putPart: async (uploadId, partNumber, bytes, sha256) => {
      assertPart(partNumber, bytes);
      const { dir } = locate(uploadId);
      await partsIn(dir); // UPLOAD_NOT_FOUND
      assertDigest(sha256Of(bytes), sha256);
      const { path } = await writeSynced(tmp, [bytes]);
      await publishOver(path, join(dir, `${partNumber}`)).catch((error) => {
        throw asGone(error); // joined or aborted while the part was being written
      });
    },
    listParts: async (uploadId) => partsIn(locate(uploadId).dir),
    complete: async (uploadId, expectedSha256, size) => {
      const { key, target, dir } = locate(uploadId);
      try {
        await joinAndPublish(dir, target, expectedSha256, size);
      } catch (error) {
        // A crash, or a second caller at the same moment, may have published the object and taken the parts away.
        if (!(await head(key))) throw asGone(error);
        await alreadyDone(key, target, expectedSha256);
      }
      await removeUpload(dir);
      return (await head(key))!;
    },
    abort: async (uploadId) => removeUpload(locate(uploadId).dir),
  };
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Another caller may take the folder away at any moment. */
function asGone(error: unknown): unknown {
  return isMissing(error) ? new StorageError('UPLOAD_NOT_FOUND', { cause: error }) : error;
}

async function partsIn(dir: string): Promise<StoredPart[]> {
  try {
    const numbers = (await readdir(dir)).map(Number).sort((a, b) => a - b);
    const sizeOf = async (partNumber: number) => (await stat(join(dir, `${partNumber}`))).size;
    return await Promise.all(
      numbers.map(async (partNumber) => ({ partNumber, size: await sizeOf(partNumber) })),
    );
  } catch (error) {
    throw asGone(error);
  }
}

async function* joinParts(dir: string, parts: StoredPart[]): AsyncGenerator<Uint8Array> {
  for (const { partNumber } of parts) yield* readPieces(join(dir, `${partNumber}`), PIECE_BYTES);
}
