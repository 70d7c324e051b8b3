import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeClassifier, trainClassifier } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FilmSet } from '../../films/film-set.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../runs/run-options.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { GENERATOR_FILE, type TrainOutput } from './output.ts';
import { train } from './run.ts';

const temporaryFolder = useTemporaryFolders();
const SIZE = 32;

/** Bright on the left or on the right, by class. */
function films(count: number): FilmSet {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const pixels = Uint8Array.from({ length: count * SIZE ** 2 }, (_, at) => {
    const film = Math.floor(at / SIZE ** 2);
    const isLeft = at % SIZE < SIZE / 2;
    return (isLeft === (labels[film] === 0) ? 180 : 60) + ((film * 7 + at * 3) % 40);
  });
  const patients = Array.from(labels, (_, i) => `patient ${i}`);
  const classNames = ['normal', 'abnormal'];
  return { pixels, labels, patients, size: SIZE, count, classNames, pixelSha256: patients };
}

/** A judge as the stage keeps it, trained for two steps only: how good it is doesn't matter here. */
const judge = new Map<string, Uint8Array | string>();
beforeAll(async () => {
  initCompute({ threads: 2, opThreads: 1 });
  const [training, validation] = [films(24), films(8)].map(({ pixels: images, labels }) => ({
    images,
    labels,
  }));
  const data = { training: training!, validation: validation!, size: SIZE, classes: 2 };
  const { parameters, validationAuc } = await trainClassifier({ ...data, seed: 1, steps: 2 });
  judge.set('judge.safetensors', encodeClassifier(parameters));
  judge.set('judge.json', JSON.stringify({ validationAuc }));
});

/** The train stage as it runs, on a few films, for a few images. */
async function trainBriefly(options: Partial<RunOptions>) {
  const draft = await temporaryFolder();
  const checkpoints = join(await temporaryFolder(), 'checkpoints');
  await mkdir(checkpoints);
  for (const [name, content] of judge) await writeFile(join(checkpoints, name), content);
  const outcome = await train({
    draft,
    guard: async () => undefined,
    signal: new AbortController().signal,
    threads: 2,
    report: async () => undefined,
    options: { ...DEFAULT_RUN_OPTIONS, ...options },
    checkpoints,
    features: checkpoints,
    films: { train: films(24), validation: films(8) },
    keep: 'last',
  });
  expect(outcome.kind).toBe('done');
  return { draft, output: outcome.output as TrainOutput };
}

describe('a run far shorter than its preset', () => {
  const brief = { loss: 'spinegan', imagesShown: 80 } as const;

  it('is another one with the judge than without, with a heavier judge, and with the relativistic loss', async () => {
    const runs = [
      await trainBriefly({ ...brief, loss: 'gan' }),
      await trainBriefly(brief),
      await trainBriefly({ ...brief, judgeWeight: 0.9 }),
      await trainBriefly({ ...brief, ganLoss: 'relativistic' }),
    ] as const;
    const files = runs.map(({ draft }) => readFile(join(draft, GENERATOR_FILE), 'base64'));
    expect(new Set(await Promise.all(files)).size).toBe(4);
    const [gan, spinegan, heavy] = runs.map(({ output }) => output.chosen.judge);
    expect(gan).toBeNull();
    expect(spinegan).toMatchObject({ imagesShown: 64, share: 0.8 }); // it begins after 12.5 of 80
    expect(heavy!.lambdaMean).toBeCloseTo(9 * spinegan!.lambdaMean, 6);
  }, 240_000);

  it('fails when it calls itself SpineGAN and the judge never had a say', async () => {
    await expect(trainBriefly({ ...brief, imagesShown: 8 })).rejects.toMatchObject({
      code: 'SPINEGAN_WITHOUT_JUDGE',
    });
  });
});
