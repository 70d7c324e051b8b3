import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { errorCode } from '../../site-error.ts';
import type { FolderSettings } from '../settings.ts';
import type { IntakeRefusal, Received } from '../spool/intake.ts';
import type { Spool } from '../spool/spool.ts';
import type { Taken } from '../taken.ts';

export type WatchDeps = {
  spool: Spool;
  taken: Taken;
  signal: AbortSignal;
  log: Log;
  /** Called for a file that can't be a film. `file` is relative to the folder. */
  onRefused: (file: string, code: IntakeRefusal) => Promise<void>;
};

/** Names that exporters and copiers give to files that aren't finished. */
const UNFINISHED = /^\.|\.(part|partial|filepart|tmp|temp|crdownload|download|swp|lock)$|~$/i;
/** Scans may take a twentieth of the time: a folder of 100,000 files takes a second or two. */
const SCAN_SHARE = 20;
const READ_BYTES = 256 * 1024;

/**
 * Takes the films of a folder into the spool as they come, and leaves the folder as it is. It looks again and again rather
 * than wait for events, which network mounts don't send. Ends when `signal` aborts; an unreadable folder is looked for
 * until it is back.
 */
export async function watchFolder(settings: FolderSettings, deps: WatchDeps): Promise<void> {
  const { signal, log } = deps;
  const growing = new Map<string, Growing>();
  while (!signal.aborted) {
    const startedAt = Date.now();
    try {
      await scanFolder(settings, growing, deps);
    } catch (error) {
      if (!signal.aborted) log.error('folder not read', { code: errorCode(error) });
    }
    const pauseMs = Math.max(settings.rescanSeconds * 1_000, (Date.now() - startedAt) * SCAN_SHARE);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined); // aborted
  }
}

/** A file that isn't settled yet: its size and time, and since when it has had them. By our clock, not the file server's. */
type Growing = { version: string; since: number };

async function scanFolder(
  { path, quietSeconds }: FolderSettings,
  growing: Map<string, Growing>,
  deps: WatchDeps,
): Promise<void> {
  const seen = new Set<string>();
  for await (const file of listFiles(path)) {
    deps.signal.throwIfAborted();
    const stats = await lstat(join(path, file)).catch(() => undefined); // gone since it was listed
    if (!stats || stats.size === 0 || deps.taken.has(path, file, stats.size, stats.mtimeMs)) continue;
    seen.add(file);
    const version = `${stats.size}/${stats.mtimeMs}`;
    const known = growing.get(file);
    if (known?.version !== version) growing.set(file, { version, since: Date.now() });
    else if (Date.now() - known.since >= quietSeconds * 1_000) await takeFile({ path, file }, stats, deps);
  }
  for (const file of growing.keys()) if (!seen.has(file)) growing.delete(file);
}

/** Regular files below `path`, relative to it. Links aren't followed: they could lead anywhere. */
async function* listFiles(path: string, below = ''): AsyncGenerator<string> {
  for await (const entry of await opendir(join(path, below))) {
    const name = join(below, entry.name);
    if (entry.isDirectory()) yield* listFiles(path, name);
    else if (entry.isFile() && !UNFINISHED.test(entry.name)) yield name;
  }
}

async function takeFile(
  { path, file }: { path: string; file: string },
  before: Stats,
  deps: WatchDeps,
): Promise<void> {
  const opened = await openFile(join(path, file));
  if (!opened) return;
  try {
    const received = await receiveFile(opened, before, deps);
    if (!received || (received.kind === 'refused' && received.code === 'NO_ROOM')) return;
    if (received.kind === 'refused') await deps.onRefused(file, received.code);
    await deps.taken.add(path, file, before.size, before.mtimeMs);
  } finally {
    await opened.close();
  }
}

/** Undefined for a file that grew after all, and for one that can't be read now: the next scan looks at it again. */
async function receiveFile(
  opened: FileHandle,
  before: Stats,
  { spool, signal, log }: WatchDeps,
): Promise<Received | undefined> {
  const intake = await spool.begin({ waitMs: Number.POSITIVE_INFINITY, signal });
  const content = opened.createReadStream({ autoClose: false, highWaterMark: READ_BYTES });
  try {
    for await (const bytes of content) await intake.write(bytes);
    return isUnchanged(before, await opened.stat()) ? await intake.commit() : undefined;
  } catch (error) {
    if (content.errored === null) throw error; // the spool's
    log.warn('file not read', { code: errorCode(error) }); // its server's, or a lock: the others needn't wait for it
    return undefined;
  } finally {
    await intake.discard();
  }
}

/** Undefined for a file that is gone, a link by now, or closed to us: looked at again in the next scan. */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function isUnchanged(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs;
}
