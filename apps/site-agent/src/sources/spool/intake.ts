import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noRoomCode } from '../../full-disk.ts';

/** Why a film did not get in. NO_ROOM passes by itself: send it again later. */
export type IntakeRefusal = 'NO_ROOM' | 'TOO_LARGE' | 'NOT_DICOM';

/** `stored`: it survives a power cut. `name` is the same for the same bytes. */
export type Received = { kind: 'stored'; name: string } | { kind: 'refused'; code: IntakeRefusal };

/** One film on its way in. Nothing here throws for lack of room: what is written after a failure is dropped, and `commit` tells. */
export type Intake = {
  write(bytes: Uint8Array): Promise<void>;
  /** fsync, rename, fsync of the folder; only then may the sender be told that the film is safe. */
  commit(): Promise<Received>;
  /** The sender gave up; harmless after `commit`. */
  discard(): Promise<void>;
};

export type IntakeFolders = { incoming: string; ready: string; syncReady: () => Promise<void> };

const PREFIX_END = 132; // 128 bytes of preamble and DICM (PS3.10 section 7.1)

type State = {
  folders: IntakeFolders;
  bytesMax: number;
  path: string;
  file: FileHandle;
  hash: Hash;
  head: Buffer;
  bytes: number;
  failure?: IntakeRefusal;
  isOpen: boolean;
  release: Release;
};

/** Gives the reservation back; with what stays in the spool, if anything does. */
type Release = (stored?: { name: string; bytes: number }) => void;

/** An intake that has no room: it takes everything and keeps nothing, so that a sender can finish and be told. */
export function refusedIntake(code: IntakeRefusal): Intake {
  return {
    write: async () => undefined,
    commit: async () => ({ kind: 'refused', code }),
    discard: async () => undefined,
  };
}

/** Opens a part file. `release` is called once, however the intake ends. */
export async function openIntake(
  folders: IntakeFolders,
  bytesMax: number,
  release: Release,
): Promise<Intake> {
  const path = join(folders.incoming, randomUUID());
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    release();
    if (!noRoomCode(error)) throw error;
  });
  if (!file) return refusedIntake('NO_ROOM'); // a disk can run out of names before it runs out of bytes
  const state: State = {
    ...{ folders, bytesMax, path, file, release },
    ...{ hash: createHash('sha256'), head: Buffer.alloc(0), bytes: 0, isOpen: true },
  };
  return {
    write: (bytes) => write(state, bytes),
    commit: () => commit(state),
    discard: async () => {
      if (state.isOpen) await drop(state);
    },
  };
}

async function write(state: State, bytes: Uint8Array): Promise<void> {
  if (state.failure) return;
  state.bytes += bytes.length;
  if (state.bytes > state.bytesMax) {
    state.failure = 'TOO_LARGE';
    return;
  }
  if (state.head.length < PREFIX_END)
    state.head = Buffer.concat([state.head, bytes.subarray(0, PREFIX_END - state.head.length)]);
  state.hash.update(bytes);
  await orNoRoom(state, () => writeAll(state.file, bytes));
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** A full disk is an expected outcome; any other failure is thrown. */
async function orNoRoom(state: State, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!noRoomCode(error)) throw error;
    state.failure = 'NO_ROOM';
  }
}

async function commit(state: State): Promise<Received> {
  const isDicom = state.head.length === PREFIX_END && state.head.toString('latin1', 128) === 'DICM';
  if (!state.failure && !isDicom) state.failure = 'NOT_DICOM';
  if (!state.failure) await orNoRoom(state, () => state.file.datasync());
  if (state.failure) {
    await drop(state);
    return { kind: 'refused', code: state.failure };
  }
  await state.file.close();
  const name = `${state.hash.digest('hex')}.dcm`;
  await orNoRoom(state, () => rename(state.path, join(state.folders.ready, name))); // onto the same bytes if they wait already
  if (state.failure) {
    await drop(state);
    return { kind: 'refused', code: state.failure };
  }
  await state.folders.syncReady();
  state.isOpen = false;
  state.release({ name, bytes: state.bytes });
  return { kind: 'stored', name };
}

async function drop(state: State): Promise<void> {
  state.isOpen = false;
  try {
    await state.file.close();
    await orNoRoom(state, () => rm(state.path, { force: true })); // a disk that can only be read keeps it until the next start
  } finally {
    state.release();
  }
}
