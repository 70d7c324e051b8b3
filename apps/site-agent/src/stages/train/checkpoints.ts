import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type GanPreset } from '@synspine/gan';
import { type Guard, removeDrafts, writeDurably } from '../../durable-file.ts';

const KEPT = 2; // the newest, and one before it should the newest be damaged
const PATTERN = /^checkpoint-(\d{12})\.safetensors$/;

/** The checkpoints of one training, in a folder that outlives the process. */
export type CheckpointStore = {
  /** Written in full or not at all; older ones beyond the last two are removed afterwards. */
  save(checkpoint: Checkpoint): Promise<void>;
  /** The newest one that can be read, or undefined at the start. */
  latest(preset: GanPreset): Promise<Checkpoint | undefined>;
};

export async function openCheckpoints(folder: string, guard: Guard): Promise<CheckpointStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeDrafts(folder);
  const list = async () =>
    (await readdir(folder))
      .filter((name) => PATTERN.test(name))
      .sort()
      .reverse();
  return {
    save: async (checkpoint) => {
      const name = `checkpoint-${String(checkpoint.imagesShown).padStart(12, '0')}.safetensors`;
      await writeDurably(join(folder, name), encodeCheckpoint(checkpoint), { guard });
      for (const old of (await list()).slice(KEPT)) await rm(join(folder, old), { force: true });
    },
    latest: async (preset) => {
      for (const name of await list()) {
        const bytes = new Uint8Array(await readFile(join(folder, name)));
        const checkpoint = tryDecode(bytes, preset);
        if (checkpoint) return checkpoint;
      }
      return undefined;
    },
  };
}

/** Atomic writes leave no torn file, but disks decay: a damaged checkpoint costs one interval, not the run. */
function tryDecode(bytes: Uint8Array, preset: GanPreset): Checkpoint | undefined {
  try {
    return decodeCheckpoint(bytes, preset);
  } catch {
    return undefined;
  }
}
