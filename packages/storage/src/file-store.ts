import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { assertDigest, readPieces } from './digest.ts';
import { fileError, makeDir, publishNew, syncDir, writeSynced } from './durable-files.ts';
import { StorageError } from './errors.ts';
import { createFileUploads } from './file-uploads.ts';
import {
  assertKey,
  assertPrefix,
  type ByteRange,
  type ObjectContent,
  type ObjectInfo,
  type ObjectStore,
  resolveRange,
} from './object-store.ts';

const PIECE_BYTES = 1024 * 1024;
const ABANDONED_MS = 86_400_000; // no single write takes a day

/**
 * Keeps objects as plain files: `dir`/objects/KEY, unfinished uploads in `dir`/uploads, files being written in `dir`/tmp.
 * Every file is written to tmp, synced, linked to its name, and its folder synced.
 */
export async function createFileStore(dir: string): Promise<ObjectStore> {
  const folders = { objects: join(dir, 'objects'), uploads: join(dir, 'uploads'), tmp: join(dir, 'tmp') };
  for (const folder of Object.values(folders)) await makeDir(folder);
  await removeAbandoned(folders.tmp);
  const pathOf = (key: string) => {
    assertKey(key);
    return join(folders.objects, key);
  };
  const store: ObjectStore = {
    ...createFileUploads(folders, (key) => head(pathOf(key), key)),
    put: async (key, body, { sha256 }) => {
      const target = pathOf(key);
      if (await head(target, key)) throw new StorageError('KEY_EXISTS'); // before writing it all
      const chunks = typeof body === 'string' ? readPieces(body, PIECE_BYTES) : [body];
      const written = await writeSynced(folders.tmp, chunks);
      await checkOrRemove(written, sha256);
      await publishNew(written.path, target);
      return (await head(target, key))!;
    },
    get: async (key, range) => get(pathOf(key), key, range),
    head: async (key) => head(pathOf(key), key),
    list: (prefix) => list(folders.objects, prefix),
    delete: async (key) => {
      await rm(pathOf(key), { force: true });
      if (await exists(dirname(pathOf(key)))) await syncDir(dirname(pathOf(key)));
    },
    close: () => undefined,
  };
  return withFileErrors(store);
}

async function checkOrRemove(written: { path: string; sha256: string }, expected: string): Promise<void> {
  try {
    assertDigest(written.sha256, expected);
  } catch (error) {
    await rm(written.path);
    throw error;
  }
}

/** A crash leaves in tmp the file being written or the upload being removed. Only old ones go, as other processes may be writing there. */
async function removeAbandoned(tmp: string): Promise<void> {
  for (const name of await readdir(tmp)) {
    const info = await stat(join(tmp, name)).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > ABANDONED_MS)
      await rm(join(tmp, name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function head(path: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    const info = await stat(path, { bigint: true });
    if (!info.isFile()) return undefined;
    const etag = `"${info.mtimeNs.toString(16)}-${info.size.toString(16)}"`; // objects never change, so this is enough
    return { key, size: Number(info.size), etag };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function get(path: string, key: string, range?: ByteRange): Promise<ObjectContent> {
  const info = await head(path, key);
  if (!info) throw new StorageError('KEY_NOT_FOUND');
  if (info.size === 0 && !range) return { ...info, stream: Readable.from([]), length: 0 };
  const { start, end } = resolveRange(range, info.size);
  return { ...info, stream: createReadStream(path, { start, end }), length: end - start + 1 };
}

async function* list(root: string, prefix: string, folder = ''): AsyncGenerator<ObjectInfo> {
  assertPrefix(prefix);
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  for (const name of names) {
    const key = folder + name;
    if (name.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* list(root, prefix, key);
    } else if (key.startsWith(prefix)) {
      const info = await head(join(root, key), key);
      if (info) yield info; // it may have been deleted since
    }
  }
}

function withFileErrors(store: ObjectStore): ObjectStore {
  const guarded = Object.entries(store).map(([name, method]) => {
    if (name === 'list' || name === 'close') return [name, method];
    return [
      name,
      async (...args: unknown[]) => {
        try {
          return await method(...args);
        } catch (error) {
          throw fileError(error);
        }
      },
    ];
  });
  return Object.fromEntries(guarded) as ObjectStore;
}
