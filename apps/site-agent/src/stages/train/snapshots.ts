import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JudgeFacts } from '@synspine/gan';
import { appendLine, type Guard, readLines } from '../../durable-file.ts';
import type { TellDamage } from '../../runs/damage.ts';
import { isSoundValue, readSealed, sealValue, setAside, writeSealed } from '../../sealed-file.ts';
import { SiteError } from '../../site-error.ts';

/** A releasable generator of some moment of the training, and how near its images came to the training films. */
export type Snapshot = {
  imagesShown: number;
  copySharePixels: number;
  /** What became of the judge's term so far; null without a judge, absent in runs of Synspine 0.1.0. */
  judge?: JudgeFacts | null;
};

/** Releasable weights, and samples of them to know them again. */
type Generator = { weights: Uint8Array; probe: Uint8Array };

const KINDS = ['safetensors', 'probe'] as const;

/** Generators to choose from after training; the discriminator isn't among what is kept here. */
export type SnapshotStore = {
  add(snapshot: Snapshot, generator: Generator): Promise<void>;
  /** In order of training; without those that were set aside. */
  list(): Promise<Snapshot[]>;
  /** Throws SNAPSHOT_DAMAGED and sets it aside when it isn't as it was written. */
  read(snapshot: Snapshot): Promise<Generator>;
  /** Reads all of them, so that one is chosen from sound ones only. Throws RUN_FILE_DAMAGED when none is left. */
  check(): Promise<void>;
};

export async function openSnapshots(
  folder: string,
  guard: Guard,
  tellDamage: TellDamage = async () => undefined,
): Promise<SnapshotStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const index = join(folder, 'snapshots.jsonl');
  const pathOf = ({ imagesShown }: Snapshot, kind: (typeof KINDS)[number]) =>
    join(folder, `generator-${String(imagesShown).padStart(12, '0')}.${kind}`);
  /** One taken twice, because the first process died before its checkpoint, counts once. */
  const list = async () => {
    const lines = (await readLines<Snapshot & { sha256?: string }>(index)).filter(isSoundValue);
    const byImages = new Map(lines.map(({ sha256: _, ...snapshot }) => [snapshot.imagesShown, snapshot]));
    return [...byImages.values()]
      .filter((snapshot) => KINDS.every((kind) => existsSync(pathOf(snapshot, kind))))
      .sort((a, b) => a.imagesShown - b.imagesShown);
  };
  const read = async (snapshot: Snapshot) => {
    const [weights, probe] = await Promise.all(KINDS.map((kind) => readSealed(pathOf(snapshot, kind))));
    if (weights && probe) return { weights, probe };
    await guard();
    for (const kind of KINDS) await setAside(pathOf(snapshot, kind));
    await tellDamage('SNAPSHOT_DAMAGED');
    throw new SiteError('SNAPSHOT_DAMAGED');
  };
  return {
    add: async (snapshot, { weights, probe }) => {
      await writeSealed(pathOf(snapshot, 'safetensors'), weights, guard);
      await writeSealed(pathOf(snapshot, 'probe'), probe, guard);
      await appendLine(index, sealValue(snapshot));
    },
    list,
    read,
    check: async () => {
      for (const snapshot of await list()) await read(snapshot).catch(ignoreDamage);
      for (const name of await listUnnamed(folder, await list())) {
        await guard();
        await setAside(join(folder, name)); // the index said what it was, and its line is damaged
        await tellDamage('SNAPSHOT_DAMAGED');
      }
      if ((await list()).length === 0) throw new SiteError('RUN_FILE_DAMAGED', 'no generator is left');
    },
  };
}

/** Generators of the folder that the index doesn't name. */
async function listUnnamed(folder: string, named: readonly Snapshot[]): Promise<string[]> {
  const known = new Set(named.map(({ imagesShown }) => imagesShown));
  return (await readdir(folder)).filter((name) => {
    const imagesShown = /^generator-(\d{12})\.safetensors$/.exec(name)?.[1];
    return imagesShown !== undefined && !known.has(Number(imagesShown));
  });
}

/** What is damaged was told of and set aside. */
function ignoreDamage(error: unknown): void {
  if (!(error instanceof SiteError && error.code === 'SNAPSHOT_DAMAGED')) throw error;
}
