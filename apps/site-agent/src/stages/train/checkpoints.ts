import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type GanPreset } from '@synspine/gan';
import { type Guard, removeDrafts } from '../../durable-file.ts';
import type { TellDamage } from '../../runs/damage.ts';
import { readSealed, removeSealed, setAside, writeSealed } from '../../sealed-file.ts';

const KEPT = 2; // the newest, and one before it should the newest be damaged
const PATTERN = /^checkpoint-(\d{12})\.safetensors$/;

/** The checkpoints of one training, in a folder that outlives the process. */
export type CheckpointStore = {
  /** Written in full or not at all; older ones beyond the last two are removed afterwards. */
  save(checkpoint: Checkpoint): Promise<void>;
  /** The newest one that is as it was written, or undefined at the start. Damaged ones are set aside. */
  latest(preset: GanPreset): Promise<Checkpoint | undefined>;
};

export async function openCheckpoints(
  folder: string,
  guard: Guard,
  tellDamage: TellDamage = async () => undefined,
): Promise<CheckpointStore> {
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
      await writeSealed(join(folder, name), encodeCheckpoint(checkpoint), guard);
      for (const old of (await list()).slice(KEPT)) await removeSealed(join(folder, old));
    },
    latest: async (preset) => {
      for (const name of await list()) {
        const checkpoint = await read(join(folder, name), preset);
        if (checkpoint) return checkpoint;
        await guard();
        await setAside(join(folder, name));
        await tellDamage('CHECKPOINT_DAMAGED');
      }
      return undefined;
    },
  };
}

/** undefined: damaged. Checkpoints of 0.2 have no hash; of their damages only some show, in what decoding checks. */
async function read(path: string, preset: GanPreset): Promise<Checkpoint | undefined> {
  const bytes = await readSealed(path);
  try {
    return bytes && decodeCheckpoint(bytes, preset);
  } catch {
    return undefined;
  }
}
