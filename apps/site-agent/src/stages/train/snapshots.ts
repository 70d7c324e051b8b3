import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JudgeFacts } from '@synspine/gan';
import { appendLine, type Guard, readLines, writeDurably } from '../../durable-file.ts';

/** A releasable generator of some moment of the training, and how near its images came to the training films. */
export type Snapshot = {
  imagesShown: number;
  copySharePixels: number;
  /** What became of the judge's term so far; null without a judge, absent in runs of Synspine 0.1.0. */
  judge?: JudgeFacts | null;
};

/** Releasable weights, and samples of them to know them again. */
type Generator = { weights: Uint8Array; probe: Uint8Array };

/** Generators to choose from after training; the discriminator isn't among what is kept here. */
export type SnapshotStore = {
  add(snapshot: Snapshot, generator: Generator): Promise<void>;
  list(): Promise<Snapshot[]>;
  read(snapshot: Snapshot): Promise<Generator>;
};

export async function openSnapshots(folder: string, guard: Guard): Promise<SnapshotStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const index = join(folder, 'snapshots.jsonl');
  const pathOf = ({ imagesShown }: Snapshot, kind: 'safetensors' | 'probe') =>
    join(folder, `generator-${String(imagesShown).padStart(12, '0')}.${kind}`);
  return {
    add: async (snapshot, { weights, probe }) => {
      await writeDurably(pathOf(snapshot, 'safetensors'), weights, { guard });
      await writeDurably(pathOf(snapshot, 'probe'), probe, { guard });
      await appendLine(index, snapshot);
    },
    /** In order of training. One taken twice, because the first process died before its checkpoint, counts once. */
    list: async () => {
      const lines = await readLines<Snapshot>(index);
      const byImages = new Map(lines.map((snapshot) => [snapshot.imagesShown, snapshot]));
      return [...byImages.values()].sort((a, b) => a.imagesShown - b.imagesShown);
    },
    read: async (snapshot) => ({
      weights: new Uint8Array(await readFile(pathOf(snapshot, 'safetensors'))),
      probe: new Uint8Array(await readFile(pathOf(snapshot, 'probe'))),
    }),
  };
}
