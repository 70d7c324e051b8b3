import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ProblemError, type ReleaseFile, type ReleaseManifest, releaseFile } from '@synspine/protocol';

type FileKind = ReleaseFile['kind'];

/** The signed manifest may lie beside the files that it lists. */
export const MANIFEST_FILE = 'manifest.jws';

const KIND_BY_EXTENSION: Record<string, FileKind> = {
  '.safetensors': 'generator',
  '.parquet': 'images',
  '.png': 'grid',
};

/**
 * Lists a release folder as the manifest's `files`, by name, with size and SHA-256; the extension says the kind.
 * Throws `MANIFEST_INVALID` for anything that no release holds: another extension, a folder, a link, a hidden file.
 */
export async function bundleRelease(dir: string): Promise<ReleaseFile[]> {
  const names = (await readdir(dir)).filter((name) => name !== MANIFEST_FILE).sort();
  return Promise.all(names.map((name) => describeFile(dir, name)));
}

async function describeFile(dir: string, name: string): Promise<ReleaseFile> {
  const kind = KIND_BY_EXTENSION[name.slice(name.lastIndexOf('.'))];
  const size = await sizeOf(join(dir, name));
  const sha256 = kind && size !== null ? await hashFile(join(dir, name)) : '';
  const file = releaseFile.safeParse({ name, kind, size, sha256 });
  if (!file.success)
    throw new ProblemError('MANIFEST_INVALID', 'a file that no release holds is in the folder');
  return file.data;
}

/**
 * Compares a folder with a manifest: the same files, each with its size and SHA-256. With `kinds`, files of other kinds
 * may be missing (a researcher has no right to generators); those that are there are compared all the same. Throws
 * `RELEASE_INCOMPLETE` (missing), `MANIFEST_INVALID` (a file too many) or `FILE_HASH_MISMATCH`.
 */
export async function verifyFiles(
  dir: string,
  manifest: Pick<ReleaseManifest, 'files'>,
  kinds?: readonly FileKind[],
): Promise<void> {
  const names = await readdir(dir);
  const listed = new Set([...manifest.files.map((f) => f.name), MANIFEST_FILE]);
  const extra = names.filter((name) => !listed.has(name)).length;
  if (extra > 0)
    throw new ProblemError('MANIFEST_INVALID', `${extra} file(s) that the manifest does not list`);
  const isNeeded = (file: ReleaseFile) => kinds === undefined || kinds.includes(file.kind);
  for (const file of manifest.files)
    if (isNeeded(file) || names.includes(file.name)) await verifyFile(dir, file);
}

async function verifyFile(dir: string, file: ReleaseFile): Promise<void> {
  const size = await sizeOf(join(dir, file.name));
  if (size === null) throw new ProblemError('RELEASE_INCOMPLETE', `${file.name} is missing`);
  if (size !== file.size || (await hashFile(join(dir, file.name))) !== file.sha256)
    throw new ProblemError('FILE_HASH_MISMATCH', file.name);
}

/** Bytes of a regular file; null for anything else. Links aren't followed: they point out of the release. */
async function sizeOf(path: string): Promise<number | null> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return stat?.isFile() ? stat.size : null;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
