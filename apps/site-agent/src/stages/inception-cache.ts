import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inceptionWeightsPath } from '@synspine/compute';
import { createInception, INCEPTION_COLUMNS, type Inception } from '@synspine/metrics';
import { writeDurably } from '../durable-file.ts';
import { SiteError } from '../site-error.ts';

type InceptionFeatures = { data: Float32Array; rows: number; columns: number };

/** Inception features of gray images, each computed once a run: a CPU makes only some ten of them a second. */
export type InceptionCache = {
  /** `pixels` is [count, size, size] bytes. → [count, 2048] */
  features(pixels: Uint8Array, size: number): Promise<InceptionFeatures>;
  /** The same at once and without the cache, for images that exist only in a test. */
  embed(pixels: Uint8Array, size: number): InceptionFeatures;
  dispose(): void;
};

const STEP = 16; // images between two looks at the signal

/** Opens the cache in `folder`. Throws INCEPTION_MISSING when a feature is needed and the network isn't installed. */
export async function openInceptionCache(
  folder: string,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => Promise<void> = async () => undefined,
): Promise<InceptionCache> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let network: Inception | undefined;
  const compute = (pixels: Uint8Array, size: number) => {
    if (!network && !existsSync(inceptionWeightsPath())) throw new SiteError('INCEPTION_MISSING');
    network ??= createInception({ batch: STEP });
    return network.features(pixels, pixels.length / size ** 2, size, size);
  };
  return {
    features: async (pixels, size) => {
      const images = splitImages(pixels, size);
      const missing = images.filter(({ name }) => !existsSync(join(folder, name)));
      for (let start = 0; start < missing.length; start += STEP) {
        signal.throwIfAborted();
        const step = missing.slice(start, start + STEP);
        const computed = compute(concatenate(step.map(({ bytes }) => bytes)), size);
        for (const [i, { name }] of step.entries()) {
          const row = computed.slice(i * INCEPTION_COLUMNS, (i + 1) * INCEPTION_COLUMNS);
          await writeDurably(join(folder, name), new Uint8Array(row.buffer));
        }
        await onProgress(start + step.length, missing.length);
      }
      return readFeatures(folder, images);
    },
    embed: (pixels, size) => {
      const data = compute(pixels, size);
      return { data, rows: data.length / INCEPTION_COLUMNS, columns: INCEPTION_COLUMNS };
    },
    dispose: () => network?.dispose(),
  };
}

type Image = { name: string; bytes: Uint8Array };

function splitImages(pixels: Uint8Array, size: number): Image[] {
  const area = size ** 2;
  return Array.from({ length: pixels.length / area }, (_, i) => {
    const bytes = pixels.subarray(i * area, (i + 1) * area);
    return { name: `${createHash('sha256').update(bytes).digest('hex')}.f32`, bytes };
  });
}

async function readFeatures(folder: string, images: readonly Image[]): Promise<InceptionFeatures> {
  const data = new Float32Array(images.length * INCEPTION_COLUMNS);
  for (const [i, { name }] of images.entries()) {
    const bytes = await readFile(join(folder, name));
    data.set(
      new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
      i * INCEPTION_COLUMNS,
    );
  }
  return { data, rows: images.length, columns: INCEPTION_COLUMNS };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
