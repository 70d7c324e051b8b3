import { setTimeout as sleep } from 'node:timers/promises';
import { noRoomCode } from '../full-disk.ts';

const LOOK_AGAIN_MS = 2_000;

export type WaitOptions = {
  signal?: AbortSignal;
  /** Told once when the disk is full; without it, a full disk is thrown. */
  onDiskFull?: () => void;
};

/** Writes, and where the disk is full waits until there is room. `write` must be harmless to do again. */
export async function waitForRoom<T>(
  write: () => Promise<T>,
  { signal, onDiskFull }: WaitOptions,
): Promise<T> {
  for (let isTold = false; ; isTold = true) {
    try {
      return await write();
    } catch (error) {
      if (!noRoomCode(error) || !onDiskFull) throw error;
      if (!isTold) onDiskFull();
      await sleep(LOOK_AGAIN_MS, undefined, { signal });
    }
  }
}
