import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageError } from './errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']); // the last: as kernels mount a disk again that had errors

/** A file system error as the store's own where it has a meaning here; anything else passes unchanged. */
export function fileError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  if (FULL.has(code)) return new StorageError('STORAGE_FULL', { cause: error });
  // A key that runs through another object, or ends on a folder of other objects.
  if (code === 'ENOTDIR' || code === 'EISDIR') return new StorageError('KEY_INVALID', { cause: error });
  return error;
}

export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `dir` below `root` such that it survives a power cut: every folder made is synced into its parent. */
export async function makeDir(dir: string): Promise<void> {
  const firstMade = await mkdir(dir, { recursive: true });
  if (!firstMade) return;
  for (let at = dir; at.length >= firstMade.length; at = dirname(at)) await syncDir(dirname(at));
}

/** Writes all chunks to a new file in `tmpDir` and syncs it; returns its path and the sha256 and size written. */
export async function writeSynced(
  tmpDir: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ path: string; sha256: string; size: number }> {
  const path = join(tmpDir, randomUUID());
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      hash.update(chunk);
      size += chunk.length;
    }
    await file.sync();
    return { path, sha256: hash.digest('hex'), size };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Gives a synced file its name unless the name is taken (KEY_EXISTS), as one step; `path` is gone afterwards. */
export async function publishNew(path: string, target: string): Promise<void> {
  try {
    await makeDir(dirname(target)).catch((cause) => {
      throw cause.code === 'EEXIST' ? new StorageError('KEY_INVALID', { cause }) : cause; // the folder is an object
    });
    await link(path, target).catch((cause) => {
      throw cause.code === 'EEXIST' ? new StorageError('KEY_EXISTS', { cause }) : cause; // unlike rename, never replaces
    });
    await syncDir(dirname(target));
  } finally {
    await rm(path, { force: true });
  }
}

/** Gives a synced file its name, replacing what had it; `path` is gone afterwards. */
export async function publishOver(path: string, target: string): Promise<void> {
  try {
    await rename(path, target);
    await syncDir(dirname(target));
  } finally {
    await rm(path, { force: true });
  }
}
