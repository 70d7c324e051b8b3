import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledImages } from '@synspine/classifier';
import { isAbnormalClass, type ReleaseManifest } from '@synspine/protocol';
import { readShard, type ShardImage } from '@synspine/release';
import sharp from 'sharp';
import { BenchmarkError } from '../benchmark-error.ts';
import type { VerifiedRelease } from './fetch-release.ts';

/** Class number of every classifier here: 0 normal, 1 abnormal, whose probability is the score. */
const toLabel = (className: string) => Number(isAbnormalClass(className));

/** A release's images as the classifier takes them; `indices` are their numbers in the release. */
export type LoadedImages = LabelledImages & { labels: Uint8Array; indices: Uint32Array };

/**
 * Decodes a verified release's shards into 8-bit images and class numbers. Each shard and PNG is compared with the
 * manifest: size, classes and counts. A release of findings counts as normal and abnormal. Throws RELEASE_UNSUPPORTED or IMAGES_INVALID.
 */
export async function loadImages({ manifest, dir }: VerifiedRelease): Promise<LoadedImages> {
  const { classNames, imageSize, synthetic } = manifest;
  if (new Set(classNames.map(toLabel)).size < 2) throw new BenchmarkError('RELEASE_UNSUPPORTED');
  const count = synthetic.imagesPerClass.reduce((sum, n) => sum + n, 0);
  const pixels = imageSize ** 2;
  const loaded = {
    images: new Uint8Array(count * pixels),
    labels: new Uint8Array(count),
    indices: new Uint32Array(count),
  };
  const drawn: string[] = []; // the class of each image
  let at = 0;
  for (const file of manifest.files.filter((f) => f.kind === 'images')) {
    for (const image of (await readShard(await readFile(join(dir, file.name)))).images) {
      if (at === count) throw new BenchmarkError('IMAGES_INVALID', 'more images than the manifest says');
      loaded.images.set(await decodePng(image, imageSize), at * pixels);
      loaded.labels[at] = toLabel(image.label);
      drawn.push(image.label);
      loaded.indices[at] = image.index;
      at += 1;
    }
  }
  assertCounts(loaded, drawn, manifest);
  return loaded;
}

async function decodePng({ png }: ShardImage, size: number): Promise<Uint8Array> {
  if (!isGrayPng(png, size))
    throw new BenchmarkError('IMAGES_INVALID', `not an 8-bit gray PNG of ${size} px`);
  try {
    return await sharp(png, { limitInputPixels: size ** 2, failOn: 'error' })
      .toColourspace('b-w')
      .raw()
      .toBuffer();
  } catch {
    throw new BenchmarkError('IMAGES_INVALID', 'a damaged PNG');
  }
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** By its signature and IHDR chunk (PNG 3rd edition, §11.2.1), so that no other decoder is ever chosen. */
function isGrayPng(png: Uint8Array, size: number): boolean {
  if (png.length < 33 || !SIGNATURE.every((byte, i) => png[i] === byte)) return false;
  const header = new DataView(png.buffer, png.byteOffset + 16);
  const [width, height, depth, colour] = [
    header.getUint32(0),
    header.getUint32(4),
    header.getUint8(8),
    header.getUint8(9),
  ];
  return width === size && height === size && depth === 8 && colour === 0; // colour type 0: gray
}

function assertCounts(
  { labels, indices }: LoadedImages,
  drawn: readonly string[],
  { classNames, synthetic: { imagesPerClass } }: ReleaseManifest,
): void {
  const isRight = classNames.every(
    (name, i) => drawn.filter((other) => other === name).length === imagesPerClass[i],
  );
  if (drawn.length !== labels.length || !isRight || new Set(indices).size !== indices.length)
    throw new BenchmarkError('IMAGES_INVALID', 'other counts than the manifest says');
}
