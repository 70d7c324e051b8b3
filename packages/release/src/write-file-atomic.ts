import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that a crash or power loss leaves either nothing or all of it: temporary name, fsync, rename,
 * fsync of the directory. Returns the bytes' lower-case hexadecimal SHA-256.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<string> {
  const partial = `${path}.partial`;
  try {
    await writeAndSync(partial, bytes);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
  return createHash('sha256').update(bytes).digest('hex');
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
