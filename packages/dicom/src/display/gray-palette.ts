import type { Dataset } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';
import type { StoredPixels } from '../decode/stored-pixels.ts';
import type { RefusalCode } from '../refusals.ts';
import { lookUp, readTable } from './lookup-table.ts';

const TABLES = [
  { descriptor: TAGS.redDescriptor, data: TAGS.redData },
  { descriptor: TAGS.greenDescriptor, data: TAGS.greenData },
  { descriptor: TAGS.blueDescriptor, data: TAGS.blueData },
];

/**
 * The palette of a film as one byte of gray for each of `count` indices (PS3.3 C.7.6.3.1.5 and 6).
 *
 * @returns COLOUR_NOT_SUPPORTED when an index that occurs is coloured, PALETTE_NOT_SUPPORTED for a segmented or broken
 * palette
 */
export function readGrayPalette(
  dataset: Dataset,
  pixels: StoredPixels,
  count: number,
): Uint8Array | RefusalCode {
  const tables = TABLES.map((tags) => readTable(dataset, false, tags));
  const [red, green, blue] = tables;
  if (red === 'invalid' || green === 'invalid' || blue === 'invalid') return 'PALETTE_NOT_SUPPORTED';
  const occurs = new Uint8Array(count);
  for (const index of pixels) occurs[index] = 1;
  const gray = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (!occurs[i]) continue;
    const value = lookUp(red!, i);
    if (value !== lookUp(green!, i) || value !== lookUp(blue!, i)) return 'COLOUR_NOT_SUPPORTED';
    gray[i] = Math.round((255 * value) / (2 ** red!.bits - 1));
  }
  return gray;
}
