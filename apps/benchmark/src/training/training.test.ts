import { join } from 'node:path';
import {
  ARCHITECTURE_IDS,
  decodeClassifier,
  encodeClassifier,
  initParameters,
  predict,
} from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { rocAuc } from '@synspine/metrics';
import { classifierDescriptor } from '@synspine/protocol';
import { describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { drawFilms, temporaryFolder, writeRelease } from '../release.fixture.ts';
import type { VerifiedRelease } from '../releases/fetch-release.ts';
import { type LoadedImages, loadImages } from '../releases/load-images.ts';
import { describeTarget, planTargets as plan } from './plan-targets.ts';
import { splitImages } from './split-images.ts';
import { trainApart } from './train-apart.ts';
import { trainTarget } from './train-target.ts';
import { describeSetting } from './training-setting.ts';

const DEFAULT = describeSetting('small-cnn', 'default');
const planTargets = (releases: VerifiedRelease[], key = 'key-1', training = DEFAULT) =>
  plan(releases, key, training);
const sha = (character: string) => character.repeat(64);
const release = (siteId: string, hash: string, imageSize = 32, change: object = {}) =>
  ({
    manifest: {
      ...{ siteId, version: 1, imageSize, preset: 'test', holdOutCommitment: sha('c') },
      ...{ training: { loss: 'gan', imagesShown: 1_000 }, files: [{ kind: 'generator', sha256: sha(hash) }] },
      ...change,
    },
    manifestSha256: sha(hash),
    publishedAt: `2026-01-0${hash}T00:00:00.000Z`,
    dir: '/nowhere',
  }) as VerifiedRelease;

const sitesOf = (generations: VerifiedRelease[][]) => generations[0]!.map((r) => r.manifest.siteId);

describe('planning', () => {
  it('trains on each site alone and on the pool', () => {
    const targets = planTargets([release('birch', '2'), release('alder', '1')]);
    expect(targets.map((t) => t.trainedOn)).toEqual(['synthetic:alder', 'synthetic:birch', 'synthetic:pool']);
    expect(planTargets([release('alder', '1')]).map((t) => t.trainedOn)).toEqual(['synthetic:alder']);
    expect(planTargets([])).toEqual([]);
  });

  it('trains on the pool without each of three sites, and leaves none of two out', () => {
    const targets = planTargets([release('cedar', '3'), release('birch', '2'), release('alder', '1')]);
    const without = targets.filter((t) => t.trainedOn.startsWith('synthetic:all-but-'));
    expect(without.map(({ trainedOn, generations }) => [trainedOn, sitesOf(generations)])).toEqual([
      ['synthetic:all-but-alder', ['birch', 'cedar']],
      ['synthetic:all-but-birch', ['alder', 'cedar']],
      ['synthetic:all-but-cedar', ['alder', 'birch']],
    ]);
    const ofOtherSize = planTargets([
      release('alder', '1'),
      release('birch', '2'),
      release('cedar', '3', 64),
    ]);
    expect(ofOtherSize.map((t) => t.trainedOn).filter((name) => name.includes('all-but'))).toEqual([]);
  });

  it('takes two releases of a site for two generators only where nothing but the generator differs', () => {
    const older = (hash: string, change: object = {}) => release('alder', hash, 32, change);
    const newest = release('alder', '2', 32, { version: 2 });
    const generations = (...releases: VerifiedRelease[]) =>
      planTargets(releases)[0]!.generations.map((g) => g.map((r) => r.manifest.version));
    expect(generations(older('1'), newest)).toEqual([[2], [1]]);
    for (const other of [
      older('2'),
      older('1', { preset: 'other' }),
      older('1', { holdOutCommitment: sha('d') }),
      older('1', { training: { loss: 'gan', imagesShown: 2_000 } }),
      older('1', { synthetic: { psi: 0.5 } }),
      older('1', { lineage: { precision: 'bfloat16' } }),
      older('1', { lineage: { imagesPlanned: 2_000 } }),
    ])
      expect(generations(other, newest)).toEqual([[2]]);
    const snapshot = (version: number, hash: string, imagesShown: number) => {
      const training = { loss: 'gan', imagesShown };
      return release('alder', hash, 32, { version, training, lineage: { imagesPlanned: 4_000 } });
    };
    expect(generations(snapshot(1, '1', 3_000), snapshot(2, '2', 4_000))).toEqual([[2], [1]]);
    const pool = planTargets([older('1'), newest, release('birch', '3')]).at(-1)!;
    expect(pool.generations.map((g) => g.length)).toEqual([2]); // birch has one generator, so the pool has
  });

  it('says in the descriptor how it trains, unless every agent trains so anyway', () => {
    const describe = (...args: Parameters<typeof planTargets>) =>
      describeTarget(planTargets(...args)[0]!, { sha256: sha('f'), size: 1 });
    const one = [release('alder', '1')];
    expect(describe(one)).not.toHaveProperty('training');
    const paper = describeSetting('small-cnn', 'paper');
    const { architecture: _, ...how } = paper;
    expect(describe(one, 'key-1', paper)).toMatchObject({ training: how, generators: 1, seeds: 3 });
    const twice = [...one, release('alder', '2', 32, { version: 2 })];
    expect(describe(twice)).toMatchObject({ generators: 2, seeds: 6, training: { seeds: [1, 2, 3] } });
    expect(classifierDescriptor.safeParse(describe(twice)).success).toBe(true);
  });

  it('pools only releases of the most common image size', () => {
    const sizes = (...pairs: [string, string, number][]) =>
      planTargets(pairs.map(([site, hash, size]) => release(site, hash, size))).at(-1)!;
    const pool = sizes(['alder', '1', 64], ['birch', '2', 32], ['cedar', '3', 32]);
    expect(sitesOf(pool.generations)).toEqual(['birch', 'cedar']);
    expect(pool.training.imageSize).toBe(32);
    expect(sizes(['alder', '1', 64], ['birch', '2', 32]).trainedOn).toBe('synthetic:birch');
  });

  it('gives the same releases the same id in any order, and others, another key, network or recipe, another', () => {
    const ids = (...releases: VerifiedRelease[]) => planTargets(releases).map((t) => t.id);
    const first = ids(release('alder', '1'), release('birch', '2'));
    expect(ids(release('birch', '2'), release('alder', '1'))).toEqual(first);
    expect(new Set(first).size).toBe(3);
    const second = ids(release('alder', '3'), release('birch', '2'));
    expect(second[1]).toBe(first[1]);
    expect([second[0], second[2]]).not.toEqual([first[0], first[2]]);
    const changed = [
      planTargets([release('alder', '1')], 'key-2'),
      planTargets([release('alder', '1')], 'key-1', { ...DEFAULT, architecture: 'densenet-121' }),
      planTargets([release('alder', '1')], 'key-1', { ...DEFAULT, recipe: { name: 'paper', version: 1 } }),
    ].map(([target]) => target!.id);
    expect(new Set([first[0], ...changed]).size).toBe(4);
  });

  it.each(ARCHITECTURE_IDS)('describes %s as the protocol wants it, the same each time', (architecture) => {
    const [target] = planTargets([release('alder', '1')], 'key-1', { ...DEFAULT, architecture });
    const one = initParameters(architecture, 64, 2, 1);
    const size = encodeClassifier(DEFAULT.seeds.map(() => one)).length;
    const descriptor = describeTarget(target!, { sha256: sha('f'), size });
    expect(classifierDescriptor.parse(descriptor)).toEqual(descriptor);
    expect(descriptor).toMatchObject({ architecture, createdAt: '2026-01-01T00:00:00.000Z' });
  });
});

const loadedImages = (count: number): LoadedImages => ({
  images: Uint8Array.from({ length: count * 4 }, (_, i) => i >> 2),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
  indices: Uint32Array.from({ length: count }, (_, i) => i),
});

/** Each image's four bytes are its number. */
const numberedImages = (count: number, first = 0): LoadedImages => ({
  ...loadedImages(count),
  images: new Uint8Array(Uint32Array.from({ length: count }, (_, i) => first + i).buffer),
});
const numbersOf = (images: Uint8Array) => [...new Uint32Array(Uint8Array.from(images).buffer)];

describe('splitting', () => {
  it('lets a fifth validate, and puts each image on one side with its label', () => {
    const { training, validation } = splitImages(
      [{ manifestSha256: sha('1'), loaded: loadedImages(200) }],
      2,
    );
    expect([training.labels.length, validation.labels.length]).toEqual([160, 40]);
    const shown = [training, validation].flatMap(({ images, labels }) =>
      Array.from(labels, (label, i) => ({ value: images[i * 4]!, label })),
    );
    expect(new Set(shown.map((s) => s.value)).size).toBe(200);
    expect(shown.every((s) => s.label === s.value % 2)).toBe(true);
  });

  it('keeps what validates a release alone out of the pool’s training', () => {
    for (const count of [200, 9_000]) {
      const one = { manifestSha256: sha('1'), loaded: numberedImages(count) };
      const alone = splitImages([one], 2);
      const pool = splitImages([one, { manifestSha256: sha('2'), loaded: numberedImages(count, count) }], 2);
      const trained = new Set(numbersOf(pool.training.images));
      expect(numbersOf(alone.validation.images).filter((number) => trained.has(number))).toEqual([]);
    }
  });

  it('gives each site no more than its share of the limit', () => {
    const large = { manifestSha256: sha('1'), loaded: loadedImages(9_000) };
    const small = { manifestSha256: sha('2'), loaded: loadedImages(1_000) };
    const { training, validation } = splitImages([large, small], 2);
    expect(training.labels.length + validation.labels.length).toBe(7_000);
  });

  it('refuses a class with too few images to validate on', () => {
    const split = (count: number) => () =>
      splitImages([{ manifestSha256: sha('1'), loaded: loadedImages(count) }], 2);
    expect(split(40)).toThrow(/TOO_FEW_IMAGES/);
    expect(split(200)).not.toThrow();
  });
});

describe('training on released shards', () => {
  it('gives one file with an ensemble that tells new bent columns from straight ones', async () => {
    initCompute({ threads: 1 }); // as the other process has
    const dir = await temporaryFolder();
    const manifest = await writeRelease(dir, await drawFilms(80, 16), 16);
    const short = { ...DEFAULT, steps: 100 };
    const [target] = planTargets([{ ...release('alder', '1'), manifest, dir }], 'key-1', short);
    const signal = new AbortController().signal;
    const bytes = await trainApart(target!, { threads: 1, signal });
    expect(Buffer.compare(bytes, await trainTarget(target!, { log: createLog('silent'), signal }))).toBe(0);
    const ensemble = decodeClassifier(bytes, {
      architecture: 'small-cnn',
      imageSize: 16,
      classes: 2,
      seeds: 3,
    });

    const testDir = await temporaryFolder();
    const test = await loadImages({
      ...release('alder', '1'),
      manifest: await writeRelease(testDir, await drawFilms(40, 16, 10_000), 16),
      dir: testDir,
    });
    const scores = predict(ensemble, test.images).filter((_, i) => i % 2 === 1);
    expect(rocAuc(scores, test.labels)).toBeGreaterThan(0.95);
  });

  it('says by its code why another process could not train, and ends that process when told to stop', async () => {
    const dir = await temporaryFolder();
    const manifest = await writeRelease(dir, await drawFilms(80, 16), 16);
    const targetIn = (folder: string) =>
      planTargets([{ ...release('alder', '1'), manifest, dir: folder }], 'key-1', {
        ...DEFAULT,
        steps: 1e6,
      })[0]!;
    const signal = new AbortController().signal;
    const elsewhere = trainApart(targetIn(join(dir, 'gone')), { threads: 1, signal });
    await expect(elsewhere).rejects.toMatchObject({ code: 'ENOENT' });
    const stopped = trainApart(targetIn(dir), { threads: 1, signal: AbortSignal.timeout(4_000) });
    await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
