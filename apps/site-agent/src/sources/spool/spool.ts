import { EventEmitter, once } from 'node:events';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFolderSync } from './folder-sync.ts';
import { type Intake, openIntake, refusedIntake } from './intake.ts';

export type SpoolLimits = {
  /** Films that wait and films on their way in, together. */
  bytesMax: number;
  filesMax: number;
  /** Largest film; so much is set aside for each one on its way in, so that whoever was let in has room to the end. */
  filmBytesMax: number;
  /** So much of the disk stays free. */
  freeBytesMin: number;
};

/** Films received and not yet ingested. It may be opened once at a time: see `claimSpool`. */
export type Spool = {
  /** Folder of the films that wait. */
  readonly ready: string;
  /** Waits for room, at most `waitMs`; then the intake refuses with NO_ROOM. A sender that waits isn't read from. */
  begin(options: { waitMs: number; bytes?: number; signal?: AbortSignal }): Promise<Intake>;
  /** Whether a film of any size would be let in now. */
  hasRoom(): Promise<boolean>;
  /** Names of films that wait, oldest first. */
  waiting(limit: number): string[];
  /** Resolves when a film comes in or goes. Rejects when `signal` aborts. */
  nextChange(signal: AbortSignal): Promise<void>;
  /** The film has been ingested. */
  remove(name: string): Promise<void>;
  /** The film was refused: it leaves the spool for `folder`. */
  moveTo(name: string, folder: string): Promise<void>;
};

const LOOK_EVERY_MS = 100;

type State = {
  folder: string;
  ready: string;
  limits: SpoolLimits;
  films: Map<string, number>; // name → bytes
  /** Sum over `films`. */
  stored: number;
  /** Bytes set aside for films on their way in, and their number. */
  reserved: number;
  open: number;
  events: EventEmitter;
};

/**
 * Opens the spool in `folder`: `incoming/` holds parts, `ready/` whole films. Parts of a killed process were never
 * acknowledged and are removed; whole films wait on.
 */
export async function openSpool(folder: string, limits: SpoolLimits): Promise<Spool> {
  const [incoming, ready] = [join(folder, 'incoming'), join(folder, 'ready')];
  await rm(incoming, { recursive: true, force: true });
  for (const made of [incoming, ready]) await mkdir(made, { recursive: true, mode: 0o700 });
  const events = new EventEmitter();
  const films = await measure(ready);
  const stored = [...films.values()].reduce((sum, size) => sum + size, 0);
  const state: State = { folder, ready, limits, films, stored, reserved: 0, open: 0, events };
  const folders = { incoming, ready, syncReady: createFolderSync(ready) };
  return {
    ready,
    begin: async ({ waitMs, bytes = limits.filmBytesMax, signal }) => {
      if (bytes > limits.filmBytesMax) return refusedIntake('TOO_LARGE');
      if (!(await waitForRoom(state, bytes, waitMs, signal))) return refusedIntake('NO_ROOM');
      return openIntake(folders, bytes, (stored) => settle(state, bytes, stored));
    },
    hasRoom: () => hasRoomNow(state, limits.filmBytesMax),
    waiting: (limit) => [...state.films.keys()].slice(0, limit),
    nextChange: async (signal) => {
      await once(events, 'change', { signal });
    },
    remove: (name) => forget(state, name, rm(join(ready, name), { force: true })),
    moveTo: (name, target) => forget(state, name, rename(join(ready, name), join(target, name))),
  };
}

async function measure(ready: string): Promise<Map<string, number>> {
  const films = new Map<string, number>();
  for (const name of await readdir(ready)) films.set(name, (await stat(join(ready, name))).size);
  return films;
}

/** Reserves `bytes`, or says false after `waitMs`. Nothing else runs between the answer and the reservation. */
async function waitForRoom(
  state: State,
  bytes: number,
  waitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    if (await hasRoomNow(state, bytes)) break;
    if (Date.now() >= deadline) return false;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  state.reserved += bytes;
  state.open++;
  return true;
}

async function hasRoomNow(state: State, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(state.folder);
  const { films, stored, reserved, open, limits } = state; // as they are after the wait
  const isWithin = stored + reserved + bytes <= limits.bytesMax && films.size + open < limits.filesMax;
  return isWithin && bavail * bsize - reserved - bytes >= limits.freeBytesMin;
}

function settle(state: State, bytes: number, stored?: { name: string; bytes: number }): void {
  state.reserved -= bytes;
  state.open--;
  if (!stored) return;
  state.stored += stored.bytes - (state.films.get(stored.name) ?? 0);
  state.films.set(stored.name, stored.bytes);
  state.events.emit('change');
}

async function forget(state: State, name: string, done: Promise<void>): Promise<void> {
  await done;
  state.stored -= state.films.get(name) ?? 0;
  state.films.delete(name);
  state.events.emit('change');
}
