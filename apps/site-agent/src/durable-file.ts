import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Called just before a rename: throws when the writer may no longer publish. */
export type Guard = () => Promise<void>;

const TEMPORARY = '.tmp-';

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes `data` so that after a crash or power loss `path` holds either all of it or what it held before: temporary
 * name, fsync, `guard`, rename, fsync of the folder.
 */
export async function writeDurably(
  path: string,
  data: string | Uint8Array,
  options: { mode?: number; guard?: Guard } = {},
): Promise<void> {
  const draft = `${path}${TEMPORARY}${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', options.mode ?? 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await options.guard?.();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** {@link writeDurably} of JSON text with a line end. */
export async function writeJson(
  path: string,
  value: unknown,
  options: { mode?: number; guard?: Guard } = {},
) {
  await writeDurably(path, `${JSON.stringify(value, null, 2)}\n`, options);
}

/** The parsed file, or undefined when there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Publishes a folder written under another name in one step: fsync of each file, `guard`, rename, fsync of the parent.
 * Fails with ENOTEMPTY when `target` was published before: the first writer wins.
 */
export async function publishFolder(draft: string, target: string, guard?: Guard): Promise<void> {
  for (const entry of await readdir(draft, { withFileTypes: true, recursive: true })) {
    await syncFolder(join(entry.parentPath, entry.name)); // fsync works alike on files and folders
  }
  await syncFolder(draft);
  await guard?.();
  await rename(draft, target);
  await syncFolder(dirname(target));
}

/** Appends one JSON line and waits until it is on disk. */
export async function appendLine(path: string, value: unknown): Promise<void> {
  await appendLines(path, [value]);
}

/** Appends JSON lines with one fsync. A torn last line, left by a crash, is closed off first. */
export async function appendLines(path: string, values: readonly unknown[]): Promise<void> {
  if (values.length === 0) return;
  const handle = await open(path, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const isTorn = size > 0 && (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
    const text = values.map((value) => `${JSON.stringify(value)}\n`).join('');
    await handle.writeFile(isTorn ? `\n${text}` : text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Every complete line of a JSON lines file; a line torn by a crash is left out. [] when there is no file. */
export async function readLines<T>(path: string): Promise<T[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => parseLine<T>(line));
}

function parseLine<T>(line: string): T[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as T];
  } catch {
    return []; // torn by a crash: its fsync never returned, so nobody relies on it
  }
}

/** Removes what crashed writers left under temporary names in one folder. */
export async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (basename(name).includes(TEMPORARY)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
