import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type SquareFilm, toTrainingImage } from '@synspine/dicom';
import sharp from 'sharp';
import { writeDurably } from '../durable-file.ts';
import type { Home } from '../home.ts';

/** Side of the square images in the home, in pixels: the largest preset's, so that all presets share them. */
export const MASTER_SIZE = 256;

/**
 * Keeps a film as a lossless gray PNG of {@link MASTER_SIZE}: new pixels in a new file, nothing of the DICOM's. One that is
 * there already is kept, unless it shows something else: a film may be cleaned of text otherwise than before.
 */
export async function saveMaster(
  home: Home,
  { pixelSha256, square }: Pick<SquareFilm, 'pixelSha256' | 'square'>,
): Promise<void> {
  if (hasMaster(home, pixelSha256)) {
    const kept = await loadMaster(home, pixelSha256, MASTER_SIZE).catch(() => null); // a damaged one is replaced
    if (kept && Buffer.compare(kept, square) === 0) return;
  }
  await writeDurably(masterPath(home, pixelSha256), await encodeGray(square, MASTER_SIZE));
}

/** Whether the home has a film's square image. */
export function hasMaster(home: Home, pixelSha256: string): boolean {
  return existsSync(masterPath(home, pixelSha256));
}

/** A film at a preset's size: size² gray bytes, row-major. */
export async function loadMaster(home: Home, pixelSha256: string, size: number): Promise<Uint8Array> {
  const gray = await sharp(masterPath(home, pixelSha256)).toColourspace('b-w').raw().toBuffer();
  if (size === MASTER_SIZE) return gray;
  return toTrainingImage({ rows: MASTER_SIZE, columns: MASTER_SIZE, pixels: gray }, { size, fit: 'squeeze' });
}

/** width·height gray bytes as a PNG without any metadata. */
export async function encodeGray(gray: Uint8Array, width: number, height = width): Promise<Buffer> {
  const raw = sharp(gray, { raw: { width, height, channels: 1 } });
  return raw
    .toColourspace('b-w')
    .png({ compressionLevel: 4, adaptiveFiltering: true, palette: false })
    .toBuffer();
}

/** Where a film's square image lies in the home. */
export function masterFile(pixelSha256: string): string {
  return join('films', `${pixelSha256}.png`);
}

function masterPath(home: Home, pixelSha256: string): string {
  return join(home.path, masterFile(pixelSha256));
}

/** Films by the hash of their master, at one size. → [films, size, size] gray bytes. */
export async function loadAtSize(
  home: Home,
  pixelSha256: readonly string[],
  size: number,
): Promise<Uint8Array> {
  const images = new Uint8Array(pixelSha256.length * size ** 2);
  for (const [i, hash] of pixelSha256.entries())
    images.set(await loadMaster(home, hash, size), i * size ** 2);
  return images;
}
