import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededNormal, seededRandom, writeSafetensors } from '@synspine/compute';
import { createSampler, presets, releaseShapes } from '@synspine/gan';
import type { ReleaseManifest } from '@synspine/protocol';
import { bundleRelease, markSynthetic, type ShardImage } from '@synspine/release';
import sharp from 'sharp';
import { writeRelease } from '../release.fixture.ts';

const PRESET = presets['demo-32'];
export const SIZE = PRESET.resolution;
const CLASS_NAMES = ['normal', 'abnormal'];
const STRIDE = 128;
const REJECTED_EVERY = 5;

type DrawnImage = { gray: Uint8Array; label: number; index: number };
export type MadeRelease = {
  dir: string;
  manifest: ReleaseManifest;
  weights: Uint8Array;
  drawn: DrawnImage[];
  /** Its rows before any tampering. */
  honest: ShardImage[];
};

/** Random weights of the smallest preset: they draw blots that differ from image to image. */
export function makeWeights(seed: number, preset = PRESET): Uint8Array {
  const random = seededRandom(seed);
  const tensors = Object.entries(releaseShapes(preset, CLASS_NAMES.length)).map(([name, shape]) => {
    const value = () => (/affine\.bias$/.test(name) ? 1 : /bias$/.test(name) ? 0 : seededNormal(random));
    const count = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, data: Float32Array.from({ length: count }, value) }] as const;
  });
  return writeSafetensors(Object.fromEntries(tensors));
}

/** What a site's filters would keep: all candidates but every fifth. */
const isKept = (k: number) => k % REJECTED_EVERY !== 1;

/** Drawn once for all tests of a file. */
const known = new Map<string, { weights: Uint8Array; drawn: DrawnImage[]; honest: Promise<ShardImage[]> }>();

function drawImages(weightsSeed: number, seed: number, drawnPerClass: number) {
  const key = [weightsSeed, seed, drawnPerClass].join();
  if (!known.has(key)) {
    const weights = makeWeights(weightsSeed);
    const drawn = drawFrom(weights, seed, drawnPerClass);
    const encoded = drawn.map(async ({ gray, label, index }) => ({
      png: await encode(gray),
      label: CLASS_NAMES[label]!,
      index,
    }));
    known.set(key, { weights, drawn, honest: Promise.all(encoded) });
  }
  return known.get(key)!;
}

function drawFrom(weights: Uint8Array, seed: number, drawnPerClass: number): DrawnImage[] {
  const sampler = createSampler(weights, PRESET);
  const images = CLASS_NAMES.flatMap((_, label) => {
    const labels = new Uint8Array(drawnPerClass).fill(label);
    const gray = sampler.sample({ labels, seed, psi: 0.9, firstIndex: label * STRIDE });
    return Array.from(labels, (_, k) => ({
      gray: gray.slice(k * SIZE ** 2, (k + 1) * SIZE ** 2),
      label,
      index: label * STRIDE + k,
    })).filter((_, k) => isKept(k));
  });
  sampler.dispose();
  return images;
}

async function encode(gray: Uint8Array, width = SIZE, height = width): Promise<Uint8Array> {
  const image = sharp(gray, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
  return markSynthetic(await image.png().toBuffer());
}

/** Two images of each class side by side. */
async function encodeGrid(drawn: readonly DrawnImage[]): Promise<Uint8Array> {
  const lines: Uint8Array[] = [];
  for (const label of CLASS_NAMES.keys()) {
    const [left, right] = drawn.filter((image) => image.label === label);
    for (let y = 0; y < SIZE; y++)
      for (const { gray } of [left!, right!]) lines.push(gray.subarray(y * SIZE, (y + 1) * SIZE));
  }
  return encode(new Uint8Array(Buffer.concat(lines)), 2 * SIZE);
}

/** How a release differs from an honest one. */
export type Tampering = {
  weights?: (honest: Uint8Array) => Uint8Array;
  rows?: (honest: ShardImage[]) => Promise<ShardImage[]> | ShardImage[];
  grid?: (honest: Uint8Array) => Promise<Uint8Array> | Uint8Array;
  manifest?: (honest: ReleaseManifest) => ReleaseManifest;
};

/** Writes a release as an agent makes it, weights first and images from them; then tampers with it. */
export async function makeRelease(
  dir: string,
  { siteId = 'alder', seed = 1, weightsSeed = 1, drawnPerClass = 40, rowsPerShard = 50 } = {},
  tampering: Tampering = {},
): Promise<MadeRelease> {
  const { weights, drawn, honest } = drawImages(weightsSeed, seed, drawnPerClass);
  const images = (await tampering.rows?.(await honest)) ?? (await honest);
  const grid = await encodeGrid(drawn);
  const written = await writeRelease(dir, images, SIZE, {}, rowsPerShard);
  await writeFile(join(dir, 'generator.safetensors'), tampering.weights?.(weights) ?? weights);
  await writeFile(join(dir, 'grid.png'), (await tampering.grid?.(grid)) ?? grid);
  const manifest: ReleaseManifest = {
    ...written,
    siteId,
    preset: PRESET.name,
    synthetic: describeSynthetic(seed, drawnPerClass),
    files: await bundleRelease(dir),
  };
  return { dir, manifest: tampering.manifest?.(manifest) ?? manifest, weights, drawn, honest: await honest };
}

function describeSynthetic(seed: number, drawn: number): ReleaseManifest['synthetic'] {
  const rejected = new Uint8Array(Math.ceil(drawn / 8));
  let count = 0;
  for (let k = 0; k < drawn; k++)
    if (!isKept(k)) {
      rejected[k >> 3]! |= 1 << (k & 7);
      count += 1;
    }
  const one = {
    drawn,
    rejected: Buffer.from(rejected).toString('base64'),
    rejections: [{ filter: 'label' as const, count }],
  };
  return {
    seed,
    psi: 0.9,
    imagesPerClass: CLASS_NAMES.map(() => drawn - count),
    candidates: { stride: STRIDE, classes: CLASS_NAMES.map(() => one) },
  };
}
