import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { type Checkpoint, encodeCheckpoint, type GanPreset, presets, trainGan } from '@synspine/gan';
import { beforeAll, describe, expect, it } from 'vitest';
import { damageFile } from '../../test-kit/damage-file.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openCheckpoints } from './checkpoints.ts';
import { openSnapshots } from './snapshots.ts';

const temporaryFolder = useTemporaryFolders();
const preset: GanPreset = { ...presets['demo-32'], resolution: 16, channelMax: 8, channelBase: 128 };
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const free = async () => undefined;

let untrained: Checkpoint;
beforeAll(async () => {
  initCompute({ threads: 1 });
  const films = { images: new Uint8Array(2 * 16 * 16), labels: Uint8Array.of(0, 1) };
  ({ checkpoint: untrained } = await trainGan({
    preset,
    ...films,
    classNames: ['normal', 'abnormal'],
    validation: films,
    ...{ seed: 1, imagesShown: 0, xla: false, checkpointEvery: 8 },
    onProgress: () => {},
    onCheckpoint: () => {},
  }));
});

/** Two checkpoints, as training leaves them. */
async function saveTwo() {
  const folder = join(await temporaryFolder(), 'checkpoints');
  const told: string[] = [];
  const store = await openCheckpoints(folder, free, async (code) => void told.push(code));
  await store.save({ ...untrained, imagesShown: 8, step: 1 });
  await store.save({ ...untrained, imagesShown: 16, step: 2 });
  return { folder, store, told };
}
const newest = 'checkpoint-000000000016.safetensors';

describe('a checkpoint', () => {
  it('with a flipped bit, a block of zeros or its end cut off, wherever, is set aside, told of, and the one before is used', async () => {
    const { folder, store } = await saveTwo();
    const sound = await readFile(join(folder, newest));
    const seal = await readFile(join(folder, `${newest}.sha256`));
    for (const seed of SEEDS) {
      await writeFile(join(folder, newest), sound);
      await writeFile(join(folder, `${newest}.sha256`), seal);
      await damageFile(join(folder, newest), seed);
      const told: string[] = [];
      const reopened = await openCheckpoints(folder, free, async (code) => void told.push(code));
      expect((await reopened.latest(preset))?.imagesShown, `seed ${seed}`).toBe(8);
      expect(told).toEqual(['CHECKPOINT_DAMAGED']);
      expect(existsSync(join(folder, newest))).toBe(false);
      expect(existsSync(join(folder, `${newest}.damaged`))).toBe(true);
    }
    await store.save({ ...untrained, imagesShown: 16, step: 2 }); // its place is free again
    expect((await store.latest(preset))?.imagesShown).toBe(16);
  });

  it('whose hash is damaged counts as damaged itself', async () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const { folder, store, told } = await saveTwo();
      await damageFile(join(folder, `${newest}.sha256`), seed);
      expect((await store.latest(preset))?.imagesShown).toBe(8);
      expect(told).toEqual(['CHECKPOINT_DAMAGED']);
    }
  });

  it('of Synspine 0.2, which has no hash, is read after an upgrade', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, newest), encodeCheckpoint({ ...untrained, imagesShown: 16, step: 2 }));
    expect((await (await openCheckpoints(folder, free)).latest(preset))?.imagesShown).toBe(16);
  });

  it('leaves no hash behind when it is removed', async () => {
    const { folder, store } = await saveTwo();
    for (const imagesShown of [24, 32]) await store.save({ ...untrained, imagesShown });
    expect((await readdir(folder)).filter((name) => /0{9}0?(8|16)\./.test(name))).toEqual([]);
  });
});

/** Three snapshots, as training leaves them; what they hold doesn't matter here. */
async function addThree() {
  const folder = await temporaryFolder();
  const told: string[] = [];
  const store = await openSnapshots(folder, free, async (code) => void told.push(code));
  for (const imagesShown of [8, 16, 24]) {
    const [weights, probe] = [20_000, 2_000].map((size) => new Uint8Array(size).fill(imagesShown));
    await store.add({ imagesShown, copySharePixels: 0.5 }, { weights: weights!, probe: probe! });
  }
  return { folder, store, told };
}

describe('a snapshot', () => {
  it.each(['generator-000000000016.safetensors', 'generator-000000000016.probe'])(
    'whose %s is damaged anywhere is not among those to choose from',
    async (name) => {
      for (const seed of SEEDS.slice(0, 20)) {
        const { folder, store, told } = await addThree();
        await damageFile(join(folder, name), seed);
        await store.check();
        expect(
          (await store.list()).map(({ imagesShown }) => imagesShown),
          `seed ${seed}`,
        ).toEqual([8, 24]);
        expect(told).toEqual(['SNAPSHOT_DAMAGED']);
      }
    },
  );

  it('is not believed what a damaged line of the index says of it', async () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const { folder, store, told } = await addThree();
      await damageFile(join(folder, 'snapshots.jsonl'), seed);
      await store.check().catch(({ code }) => expect(code).toBe('RUN_FILE_DAMAGED'));
      const left = await store.list();
      expect(left.every(({ copySharePixels }) => copySharePixels === 0.5)).toBe(true);
      expect(told.length, `seed ${seed}`).toBe(3 - left.length);
    }
  });

  it('of Synspine 0.2, which has no hash, is read after an upgrade', async () => {
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'snapshots.jsonl'), '{"imagesShown":8,"copySharePixels":0.5}\n');
    for (const kind of ['safetensors', 'probe'])
      await writeFile(join(folder, `generator-000000000008.${kind}`), 'old');
    const store = await openSnapshots(folder, free);
    await store.check();
    const [snapshot] = await store.list();
    expect(Buffer.from((await store.read(snapshot!)).weights).toString()).toBe('old');
  });

  it('is told of, and ends the run, when no other is left', async () => {
    const { folder, store } = await addThree();
    for (const name of await readdir(folder))
      if (name.endsWith('.safetensors')) await damageFile(join(folder, name), 1);
    await expect(store.check()).rejects.toMatchObject({ code: 'RUN_FILE_DAMAGED' });
  });
});
