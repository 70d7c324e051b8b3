import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseManifest } from '@synspine/protocol';
import { readShard } from '@synspine/release';
import sharp from 'sharp';
import { takeFingerprint } from './fingerprints.ts';

/** Fingerprints of a release that is published already, by whatever version of an agent. An image that can't be read has none. */
export async function indexPublished({
  manifest,
  folder,
}: {
  manifest: ReleaseManifest;
  folder: string;
}): Promise<Uint8Array> {
  const { imageSize } = manifest;
  const fingerprints: Uint8Array[] = [];
  for (const { name } of manifest.files.filter(({ kind }) => kind === 'images')) {
    const { images } = await readShard(await readFile(join(folder, name)));
    for (const { png } of images) {
      const image = sharp(png, { limitInputPixels: imageSize ** 2 })
        .toColourspace('b-w')
        .raw();
      const gray = await image.toBuffer().catch(() => undefined);
      if (gray?.length === imageSize ** 2) fingerprints.push(takeFingerprint(gray, imageSize));
    }
  }
  return new Uint8Array(Buffer.concat(fingerprints));
}
