import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseManifest } from '@synspine/protocol';
import { checkRows } from './check-rows.ts';
import { openWeights } from './check-weights.ts';
import { ContentFault, demand } from './content-fault.ts';
import { ALTERED_IMAGE, hashGray, repeatsAny, SAME_IMAGE, takeFingerprint } from './fingerprints.ts';
import { readPng } from './read-png.ts';
import { type Row, readShardStrictly } from './read-shard.ts';
import { blockOf, chooseBlocks, type Drawn, findStrangers } from './regenerate.ts';

export type CheckedRelease = {
  manifest: ReleaseManifest;
  /** Where its files lie; sizes and hashes are the manifest's. */
  folder: string;
  /** Files of fingerprints of what other sites have released. */
  others: readonly string[];
};

const GRID_COLUMNS_MAX = 64;

/**
 * Looks at everything in a release: shards, rows, images, grid, weights, whether the weights draw the images, and whether
 * another site released them first. Returns the fingerprints of its images. Throws ContentFault for the first thing wrong.
 */
export async function checkContents({ manifest, folder, others }: CheckedRelease): Promise<Uint8Array> {
  const numbered: Pick<Row, 'label' | 'index'>[] = [];
  for await (const rows of readShards(manifest, folder))
    numbered.push(...rows.map(({ label, index }) => ({ label, index })));
  checkRows(numbered, manifest);
  const { sampler } = openWeights(await readOnly(manifest, folder, 'generator'), manifest);
  try {
    const { fingerprints, drawn, hashes } = await readImages(manifest, folder, numbered);
    await checkGrid(manifest, folder, hashes);
    demand(!(await repeatsAny(fingerprints, others, SAME_IMAGE)), 'CONTENT_REPEATS_SITE');
    const strangers = findStrangers(drawn, sampler, manifest);
    if (strangers.length > 0) throw await nameStrangers(strangers, manifest, others);
    return fingerprints;
  } finally {
    sampler.dispose();
  }
}

/** Images that the weights don't draw are another site's, altered, or nobody knows whose. */
async function nameStrangers(
  strangers: readonly Drawn[],
  { imageSize }: ReleaseManifest,
  others: readonly string[],
): Promise<ContentFault> {
  const fingerprints = strangers.map(({ gray }) => takeFingerprint(gray, imageSize));
  const own = new Uint8Array(Buffer.concat(fingerprints));
  const isRepeated = await repeatsAny(own, others, ALTERED_IMAGE);
  return new ContentFault(isRepeated ? 'CONTENT_REPEATS_SITE' : 'CONTENT_NOT_REGENERATED');
}

/** The shards one after another, so that only one is in memory. */
async function* readShards(manifest: ReleaseManifest, folder: string): AsyncGenerator<Row[]> {
  let left = manifest.synthetic.imagesPerClass.reduce((sum, count) => sum + count, 0);
  for (const { name } of manifest.files.filter(({ kind }) => kind === 'images')) {
    const rows = await readShardStrictly(await readFile(join(folder, name)), manifest, left);
    left -= rows.length;
    yield rows;
  }
}

/** Every image's fingerprint and hash, and of some blocks the images themselves. */
async function readImages(
  manifest: ReleaseManifest,
  folder: string,
  numbered: readonly Pick<Row, 'index'>[],
) {
  const { imageSize } = manifest;
  const blocks = chooseBlocks(numbered, imageSize);
  const fingerprints: Uint8Array[] = [];
  const hashes = new Set<string>();
  const drawn: Drawn[] = [];
  const isSize = ({ width, height }: { width: number; height: number }) =>
    width === imageSize && height === imageSize;
  for await (const rows of readShards(manifest, folder))
    for (const { png, label, index } of rows) {
      const { gray } = await readPng(png, isSize);
      fingerprints.push(takeFingerprint(gray, imageSize));
      hashes.add(hashGray(gray));
      if (blocks.has(blockOf(index, imageSize))) drawn.push({ label, index, gray });
    }
  return { fingerprints: new Uint8Array(Buffer.concat(fingerprints)), drawn, hashes };
}

/** The grid shows released images and black squares, nothing else. A release may have none. */
async function checkGrid(
  manifest: ReleaseManifest,
  folder: string,
  hashes: ReadonlySet<string>,
): Promise<void> {
  if (!manifest.files.some(({ kind }) => kind === 'grid')) return;
  const { imageSize: size, classNames } = manifest;
  const isSize = ({ width, height }: { width: number; height: number }) =>
    width % size === 0 &&
    width > 0 &&
    width <= size * GRID_COLUMNS_MAX &&
    height === size * classNames.length;
  const { width, height, gray } = await readGrid(await readOnly(manifest, folder, 'grid'), isSize);
  const black = hashGray(new Uint8Array(size ** 2));
  for (let top = 0; top < height; top += size)
    for (let left = 0; left < width; left += size) {
      const lines = Array.from({ length: size }, (_, y) => {
        const at = (top + y) * width + left;
        return gray.subarray(at, at + size);
      });
      const hash = hashGray(Buffer.concat(lines));
      demand(hash === black || hashes.has(hash), 'CONTENT_GRID');
    }
}

async function readGrid(png: Uint8Array, isSize: Parameters<typeof readPng>[1]) {
  try {
    return await readPng(png, isSize);
  } catch (error) {
    const isShape =
      error instanceof ContentFault && ['CONTENT_PNG_DAMAGED', 'CONTENT_PNG_FORMAT'].includes(error.code);
    throw isShape ? new ContentFault('CONTENT_GRID') : error;
  }
}

function readOnly(
  manifest: ReleaseManifest,
  folder: string,
  kind: 'generator' | 'grid',
): Promise<Uint8Array> {
  return readFile(join(folder, manifest.files.find((file) => file.kind === kind)!.name));
}
