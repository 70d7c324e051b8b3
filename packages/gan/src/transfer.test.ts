import { initCompute, tf, writeSafetensors } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { type Checkpoint, encodeCheckpoint, generatorWeights } from './checkpoint.ts';
import { generatorSpecs } from './networks/generator.ts';
import { splitVector } from './parameters.ts';
import type { GanPreset } from './presets.ts';
import { createSampler } from './sample.ts';
import { tinyPreset, twoSides } from './test-data.ts';
import { type TrainingOptions, trainGan } from './train.ts';
import { decodeStart, planTransfer } from './transfer.ts';

const options = (preset: GanPreset, imagesShown: number): TrainingOptions => ({
  preset,
  ...twoSides(24, preset.resolution),
  classNames: ['left', 'right'],
  validation: twoSides(6, preset.resolution),
  seed: 11,
  imagesShown,
  xla: false,
  checkpointEvery: Number.MAX_SAFE_INTEGER,
  onProgress: () => {},
  onCheckpoint: () => {},
});

/** No step at all: what a training starts from is what it returns. */
const startOf = async (file: Uint8Array, preset = tinyPreset, more: Partial<TrainingOptions> = {}) =>
  (await trainGan({ ...options(preset, 0), seed: 12, startFrom: decodeStart(file, preset), ...more }))
    .checkpoint;

let trained: Checkpoint;
beforeAll(async () => {
  initCompute({ threads: 2 });
  trained = (await trainGan(options(tinyPreset, 160))).checkpoint;
});

test('a release gives the generator, all of it, and leaves the rest fresh', async () => {
  const started = await startOf(generatorWeights(trained));
  const fresh = (await trainGan({ ...options(tinyPreset, 0), seed: 12 })).checkpoint;
  for (const name of ['generator', 'average']) {
    expect(started.tensors[name]!.data).toEqual(trained.tensors.average!.data);
  }
  expect(started.tensors.styleAverage!.data).toEqual(trained.tensors.styleAverage!.data);
  for (const name of ['discriminator', 'generatorMoments.second', 'discriminatorMoments.second', 'augment']) {
    expect(started.tensors[name]!.data).toEqual(fresh.tensors[name]!.data);
  }
  expect([started.step, started.imagesShown, started.lambda, started.judgeAccuracy]).toEqual([0, 0, 0, null]);
});

test('the images of a release are those of a training that started from it', async () => {
  const [before, after] = [
    generatorWeights(trained),
    generatorWeights(await startOf(generatorWeights(trained))),
  ];
  const draw = (weights: Uint8Array) => {
    const sampler = createSampler(weights, tinyPreset);
    const images = sampler.sample({ labels: Uint8Array.of(0, 1, 0), seed: 5, psi: 0.5 });
    sampler.dispose();
    return Buffer.from(images);
  };
  expect(draw(after).equals(draw(before))).toBe(true);
});

test('a checkpoint gives the discriminator too, and no optimizer slot', async () => {
  const file = encodeCheckpoint(trained);
  expect(planTransfer(decodeStart(file, tinyPreset), tinyPreset, 2)).toEqual({
    generatorShare: 1,
    discriminatorShare: 1,
  });
  const started = await startOf(file);
  expect(started.tensors.discriminator!.data).toEqual(trained.tensors.discriminator!.data);
  expect(started.tensors['discriminatorMoments.second']!.data.every((v) => v === 0)).toBe(true);
});

test('a started training goes on from there, with the same bytes each time', async () => {
  const file = generatorWeights(trained);
  const [a, b] = [
    await startOf(file, tinyPreset, { imagesShown: 16 }),
    await startOf(file, tinyPreset, { imagesShown: 16 }),
  ];
  expect(Buffer.compare(encodeCheckpoint(a), encodeCheckpoint(b))).toBe(0);
  const plain = (await trainGan({ ...options(tinyPreset, 16), seed: 12 })).checkpoint;
  expect(a.tensors.generator!.data).not.toEqual(plain.tensors.generator!.data);
});

test('another number of classes leaves the layers fresh that see the label, and only those', async () => {
  const start = decodeStart(encodeCheckpoint(trained), tinyPreset);
  const labels = Uint8Array.from({ length: 24 }, (_, i) => i % 3);
  const classNames = ['a', 'b', 'c'];
  const more = { startFrom: start, labels, classNames };
  const started = (await trainGan({ ...options(tinyPreset, 0), seed: 12, ...more })).checkpoint;
  const specs = generatorSpecs(tinyPreset, 3);
  const [now, before] = [splitVector(specs, started.tensors.generator!.data), start.generator];
  const kept = specs.filter(({ name }) => {
    const { data } = now[name]!;
    return data.length === before[name]!.data.length && data.every((v, i) => v === before[name]!.data[i]);
  });
  expect(specs.filter((spec) => !kept.includes(spec)).map(({ name }) => name)).toEqual(['mapping.0.weight']);
  expect(started.tensors.styleAverage!.data.every((v) => v === 0)).toBe(true);
  const { generatorShare, discriminatorShare } = planTransfer(start, tinyPreset, 3);
  expect(generatorShare).toBeLessThan(1);
  expect(discriminatorShare).toBeLessThan(1);
});

test('a larger image takes the blocks that both have', () => {
  const share = planTransfer(
    decodeStart(generatorWeights(trained), tinyPreset),
    { ...tinyPreset, resolution: 16 },
    2,
  );
  expect(share.generatorShare).toBeGreaterThan(0.5);
  expect(share.generatorShare).toBeLessThan(1);
});

test('less than half of the generator is another network, half of it is not', () => {
  const parts = (weight: number) => ({
    generator: { 'mapping.0.weight': { shape: [weight], data: new Float32Array(weight) } },
    discriminator: {},
  });
  const whole = decodeStart(generatorWeights(trained), tinyPreset);
  const total = Object.values(whole.generator).reduce((n, { data }) => n + data.length, 0);
  expect(total).toBeGreaterThan(0);
  expect(() => planTransfer(parts(10), tinyPreset, 2)).toThrow(
    expect.objectContaining({ code: 'gan-other-network' }),
  );
  const other = { ...tinyPreset, channelMax: 4, channelBase: 32, styleDim: 12 };
  expect(() => planTransfer(whole, other, 2)).toThrow(expect.objectContaining({ code: 'gan-other-network' }));
  const specs = generatorSpecs(tinyPreset, 2);
  const count = (names: string[]) =>
    specs
      .filter(({ name }) => names.includes(name))
      .reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  const all = count(specs.map(({ name }) => name));
  const ordered = specs.map(({ name }) => name);
  const first = ordered.findIndex((_, i) => count(ordered.slice(0, i + 1)) >= all / 2);
  const pick = (names: string[]) => ({
    generator: Object.fromEntries(names.map((name) => [name, whole.generator[name]!])),
    discriminator: {},
  });
  expect(
    planTransfer(pick(ordered.slice(0, first + 1)), tinyPreset, 2).generatorShare,
  ).toBeGreaterThanOrEqual(0.5);
  expect(() => planTransfer(pick(ordered.slice(0, first)), tinyPreset, 2)).toThrow(/at least 50 %/);
});

test('a file that is neither, is damaged or holds what is no number is refused', () => {
  const release = generatorWeights(trained);
  const refuse = (bytes: Uint8Array) => expect(() => decodeStart(bytes, tinyPreset));
  refuse(release.subarray(0, release.length - 4)).toThrow(
    expect.objectContaining({ code: 'LENGTH_MISMATCH' }),
  );
  refuse(Buffer.from('not weights at all')).toThrow();
  refuse(writeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } })).toThrow(
    expect.objectContaining({ code: 'gan-checkpoint-damaged' }),
  );
  const notJson = writeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } }, { synspine: '{' });
  refuse(notJson).toThrow(expect.objectContaining({ code: 'gan-checkpoint-damaged' }));
  const huge = { ...trained, preset: { ...tinyPreset, name: 'huge', resolution: 2 ** 40 } };
  refuse(encodeCheckpoint(huge)).toThrow(expect.objectContaining({ code: 'gan-checkpoint-mismatch' }));
  const nan = {
    ...trained.tensors.average!,
    data: Float32Array.from(trained.tensors.average!.data).fill(Number.NaN, 0, 1),
  };
  const damaged = generatorWeights({ ...trained, tensors: { ...trained.tensors, average: nan } });
  refuse(damaged).toThrow(expect.objectContaining({ code: 'NOT_FINITE' }));
});

test('what a start took is freed with the run', async () => {
  await startOf(generatorWeights(trained));
  const before = tf.memory().numTensors;
  await startOf(generatorWeights(trained));
  expect(tf.memory().numTensors).toBe(before);
});
