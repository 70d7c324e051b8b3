import { readdir } from 'node:fs/promises';
import { initCompute } from '@synspine/compute';
import { createSampler, generatorWeights, presets, trainGan } from '@synspine/gan';
import { trainingCurve } from '@synspine/protocol';
import { expect, it } from 'vitest';
import type { FilmSet } from '../../films/film-set.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { takeProbe } from '../generator-probe.ts';
import { openInceptionCache } from '../inception-cache.ts';
import { measureCurve, spreadOver } from './measure-curve.ts';
import { openSnapshots } from './snapshots.ts';

const temporaryFolder = useTemporaryFolders();
const preset = presets['demo-32'];

function films(count: number): FilmSet {
  const pixels = Uint8Array.from(
    { length: count * 32 ** 2 },
    (_, i) => (i * 7919 + Math.floor(i / 1024) * 31) % 251,
  );
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const names = Array.from(labels, (_, i) => `film ${i}`);
  return {
    size: 32,
    count,
    pixels,
    labels,
    patients: names,
    pixelSha256: names,
    classNames: ['normal', 'abnormal'],
  };
}

const moments = (images: readonly number[]) => images.map((imagesShown) => ({ imagesShown }));

it('measures the ranked snapshots and, evenly from the first on, as many others as there is time for', () => {
  const all = moments([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(spreadOver(all, moments([7, 10]), 6)).toEqual(moments([1, 3, 5, 7, 8, 10]));
  expect(spreadOver(all.slice(0, 3), moments([3]), 6)).toEqual(moments([1, 2, 3]));
  expect(spreadOver(all, all, 6)).toEqual(all);
});

it('keeps FID, KID, precision and recall of two snapshots against the validation films, in order of training', async () => {
  initCompute({ threads: 2 });
  const [folder, features] = [await temporaryFolder(), await temporaryFolder()];
  const snapshots = await openSnapshots(folder, async () => undefined);
  const validation = films(12);
  for (const imagesShown of [8, 16]) {
    const { checkpoint } = await trainGan({
      preset,
      images: validation.pixels,
      labels: validation.labels,
      classNames: ['normal', 'abnormal'],
      validation: { images: validation.pixels, labels: validation.labels },
      ...{ seed: 1, imagesShown, xla: false, checkpointEvery: 8 },
      onProgress: () => {},
      onCheckpoint: () => {},
    });
    const weights = generatorWeights(checkpoint);
    const sampler = createSampler(weights, preset);
    await snapshots.add({ imagesShown, copySharePixels: 0.5 }, { weights, probe: takeProbe(sampler) });
    sampler.dispose();
  }
  const inception = await openInceptionCache(features, new AbortController().signal);
  const options = { ...DEFAULT_RUN_OPTIONS };
  const ranking = { options, preset, snapshots, inception, report: async () => undefined };
  const few = { train: films(12), validation: films(11) };
  expect(await measureCurve({ ...ranking, films: few }, [])).toBeNull();
  expect(await readdir(features)).toEqual([]);
  const curve = await measureCurve({ ...ranking, films: { train: films(12), validation } }, []);
  inception.dispose();
  expect(trainingCurve.parse(curve)).toMatchObject({
    protocol: 'inception2015_validation_n12',
    n: 12,
    points: [{ imagesShown: 8 }, { imagesShown: 16 }],
  });
  const [first, second] = curve!.points;
  expect(first!.fid).toBeGreaterThan(0);
  expect(second!.fid).not.toBe(first!.fid);
}, 240_000);
