import { initCompute } from '@synspine/compute';
import { beforeAll, expect, test } from 'vitest';
import { generatorWeights } from './checkpoint.ts';
import { createSampler, type Sampler } from './sample.ts';
import { noJudgedSteps } from './schedule.ts';
import { createState, downloadState } from './state.ts';
import { tinyPreset } from './test-data.ts';

let weights: Uint8Array;
let sampler: Sampler;

beforeAll(async () => {
  initCompute({ threads: 2 });
  const tensors = await downloadState(createState(tinyPreset, 2, 3));
  tensors.styleAverage!.data.fill(0.1);
  weights = generatorWeights({
    preset: tinyPreset,
    classNames: ['a', 'b'],
    seed: 3,
    step: 0,
    imagesShown: 0,
    lambda: 0,
    judgeAccuracy: null,
    judged: noJudgedSteps,
    tensors,
  });
  sampler = createSampler(weights, tinyPreset);
});

const labels = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 2);
const image = (bytes: Uint8Array, i: number) => Buffer.from(bytes.subarray(i * 64, i * 64 + 64));

test('image i depends on seed, index and label alone: not on how many others are asked for, nor where the request starts', () => {
  const all = sampler.sample({ labels: labels(200), seed: 9, psi: 1 });
  const some = sampler.sample({ labels: labels(200).subarray(130, 135), seed: 9, psi: 1, firstIndex: 130 });
  for (let i = 0; i < 5; i++) expect(image(some, i)).toEqual(image(all, 130 + i));
});

test('weights and seed give the same bytes in a new sampler', () => {
  const again = createSampler(weights, tinyPreset);
  const request = { labels: labels(10), seed: 4, psi: 0.7 };
  expect(Buffer.from(again.sample(request))).toEqual(Buffer.from(sampler.sample(request)));
  again.dispose();
});

test('indices, seeds and labels change the image', () => {
  const one = (label: number, seed: number, firstIndex: number) =>
    Buffer.from(sampler.sample({ labels: Uint8Array.of(label), seed, psi: 1, firstIndex }));
  const base = one(0, 1, 0);
  for (const other of [one(1, 1, 0), one(0, 2, 0), one(0, 1, 1)]) expect(other.equals(base)).toBe(false);
});

test('psi 0 leaves one image per class', () => {
  const images = sampler.sample({ labels: Uint8Array.of(1, 1, 1), seed: 1, psi: 0 });
  expect(image(images, 1)).toEqual(image(images, 0));
  expect(image(images, 2)).toEqual(image(images, 0));
});

test('a label beyond the classes and weights of another network are refused', () => {
  expect(() => sampler.sample({ labels: Uint8Array.of(2), seed: 1, psi: 1 })).toThrow(/2 classes/);
  expect(() => createSampler(weights, { ...tinyPreset, resolution: 16 })).toThrow();
});

test('released weights hold no discriminator and no optimizer state', () => {
  const header = new TextDecoder().decode(
    weights.subarray(8, 8 + new DataView(weights.buffer, weights.byteOffset).getUint32(0, true)),
  );
  expect(
    Object.keys(JSON.parse(header)).every((name) => /^(mapping|synthesis|style-average)/.test(name)),
  ).toBe(true);
});
