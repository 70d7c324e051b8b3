import { createHash, randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeClassifier, initParameters } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import type { ClassifierDescriptor } from '@synspine/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FilmSet } from '../films/film-set.ts';
import { openHome } from '../home.ts';
import { scoreOutsideFidelity } from '../stages/evaluate/label-fidelity.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { keepOutsideJudge, openOutsideJudge } from './outside-judge.ts';

const temporaryFolder = useTemporaryFolders();
beforeAll(() => void initCompute({ threads: 1 }));

const SIZE = 16;
const releaseOf = (siteId: string) => ({ siteId, version: 1, manifestSha256: 'a'.repeat(64) });

function classifier(trainedOn: string, sites: string[], seed = 1) {
  const weights = encodeClassifier([initParameters('small-cnn', SIZE, 2, seed)]);
  const descriptor: ClassifierDescriptor = {
    schema: 'synspine.classifier/1',
    ...{ id: randomUUID(), trainedOn, architecture: 'small-cnn', imageSize: SIZE, seeds: 1 },
    releases: sites.map(releaseOf),
    weightsSha256: createHash('sha256').update(weights).digest('hex'),
    weightsSize: weights.length,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  return { descriptor, weights };
}
const newHome = async () => openHome(await temporaryFolder(), { create: true });
const nameOf = async (home: Awaited<ReturnType<typeof newHome>>) =>
  (await openOutsideJudge(home, SIZE))?.trainedOn;

describe('the outside judge', () => {
  it('is never a classifier that this site’s own images had a part in', async () => {
    const home = await newHome();
    await keepOutsideJudge(home, 'alder', classifier('synthetic:alder', ['alder']));
    await keepOutsideJudge(home, 'alder', classifier('synthetic:pool', ['alder', 'birch']));
    await keepOutsideJudge(home, 'alder', classifier('synthetic:all-but-cedar', ['alder', 'birch']));
    expect(await nameOf(home)).toBeUndefined();
  });

  it('is the newest of another site, and of all other sites rather than of one', async () => {
    const home = await newHome();
    await keepOutsideJudge(home, 'alder', classifier('synthetic:birch', ['birch']));
    await keepOutsideJudge(home, 'alder', classifier('synthetic:cedar', ['cedar']));
    expect(await nameOf(home)).toBe('synthetic:cedar');
    await keepOutsideJudge(home, 'alder', classifier('synthetic:all-but-alder', ['birch', 'cedar']));
    await keepOutsideJudge(home, 'alder', classifier('synthetic:birch', ['birch'], 2));
    expect(await nameOf(home)).toBe('synthetic:all-but-alder');
  });

  it('is not used on films of another size, nor when its weights are no longer those that were signed', async () => {
    const home = await newHome();
    await keepOutsideJudge(home, 'alder', classifier('synthetic:birch', ['birch']));
    expect(await openOutsideJudge(home, 32)).toBeUndefined();
    const folder = join(home.folders.scores, 'outside-judge');
    const file = (await readdir(folder)).find((name) => name.endsWith('.safetensors'))!;
    await writeFile(join(folder, file), classifier('synthetic:birch', ['birch'], 2).weights);
    expect(await nameOf(home)).toBeUndefined();
  });

  it('has a row of its own, which names it, for runs of its classes alone', async () => {
    const home = await newHome();
    await keepOutsideJudge(home, 'alder', classifier('synthetic:all-but-alder', ['birch', 'cedar']));
    const judge = (await openOutsideJudge(home, SIZE))!;
    const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
    const pixels = Uint8Array.from({ length: 12 * SIZE ** 2 }, (_, i) => (i * 37) % 256);
    const heldOut = {
      size: SIZE,
      count: 12,
      pixels,
      labels,
      patients: Array.from(labels, (_, film) => `patient-${film >> 1}`),
      classNames: ['normal', 'abnormal'],
    } as unknown as FilmSet;
    const scores = scoreOutsideFidelity(judge, { pixels, labels }, heldOut);
    expect(scores.map(({ metric, stratum, n }) => [metric, stratum, n])).toEqual([
      ['label-fidelity-outside', 'all', 12],
      ['label-fidelity-outside', 'normal', 6],
      ['label-fidelity-outside', 'abnormal', 6],
    ]);
    const name = `label_fidelity_outside_judge_small_cnn_synthetic_all_but_alder_${judge.id.slice(0, 8)}_n12`;
    expect(scores[0]!.protocol).toBe(name);
    const findings = { ...heldOut, classNames: ['normal', 'osteophytes'] };
    expect(scoreOutsideFidelity(judge, { pixels, labels }, findings)).toEqual([]);
  });
});
