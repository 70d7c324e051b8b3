import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Called just before a rename: throws when the writer may no longer publish. */
export type Guard = () => Promise<void>;

const TEMPORARY = '.tmp-';

/** fsync of a folder: what was renamed in it stays so after a power loss. */
export async function syncFolder(path: string): Promise<void> {
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
  const draft = await writeDraft(path, data, options.mode);
  try {
    await options.guard?.();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** {@link writeDurably} unless there is such a file: of several writers at once the first one's data stays, whole. */
export async function writeOnce(path: string, data: string | Uint8Array): Promise<void> {
  const draft = await writeDraft(path, data);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Writes `data` under a temporary name beside `path`, with fsync. Leaves nothing when it fails. */
async function writeDraft(path: string, data: string | Uint8Array, mode = 0o600): Promise<string> {
  const draft = `${path}${TEMPORARY}${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
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

/**
 * Appends JSON lines with one fsync. A torn last line, left by a crash, is closed off first. Answers where in the file each
 * line begins, in bytes.
 */
export async function appendLines(path: string, values: readonly unknown[]): Promise<number[]> {
  if (values.length === 0) return [];
  const handle = await open(path, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const isTorn = size > 0 && (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
    const lines = values.map((value) => Buffer.from(`${JSON.stringify(value)}\n`));
    await handle.writeFile(Buffer.concat(isTorn ? [Buffer.from('\n'), ...lines] : lines));
    await handle.sync();
    let end = isTorn ? size + 1 : size;
    return lines.map(({ length }) => {
      end += length;
      return end - length;
    });
  } finally {
    await handle.close();
  }
}

/** Every complete line of a JSON lines file, one after the other, with the byte that it begins at. */
export async function* streamLines<T>(path: string): AsyncGenerator<{ value: T; at: number }> {
  let rest = Buffer.alloc(0);
  let at = 0; // of the rest, in the file
  try {
    for await (const chunk of createReadStream(path)) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      let begin = 0;
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, begin)) {
        for (const value of parseLine<T>(rest.toString('utf8', begin, end))) yield { value, at: at + begin };
        begin = end + 1;
      }
      at += begin;
      rest = rest.subarray(begin);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Single lines of a JSON lines file, by the byte that each begins at. The file is opened with the first one. */
export type LineReader = { read<T>(at: number): Promise<T>; close(): Promise<void> };

export function createLineReader(path: string): LineReader {
  let file: Promise<FileHandle> | undefined; // several may ask before it is open
  return {
    read: async (at) => {
      file ??= open(path, 'r');
      return readLineAt(await file, at);
    },
    close: async () => {
      const opened = await file?.catch(() => undefined); // whoever asked for a line was told
      await opened?.close();
    },
  };
}

async function readLineAt<T>(file: FileHandle, at: number): Promise<T> {
  const piece = Buffer.alloc(4096);
  let text = Buffer.alloc(0);
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at + text.length);
    text = Buffer.concat([text, piece.subarray(0, bytesRead)]);
    const end = text.indexOf(0x0a);
    if (end >= 0 || bytesRead === 0)
      return JSON.parse(text.toString('utf8', 0, end < 0 ? text.length : end)) as T;
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
