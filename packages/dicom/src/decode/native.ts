import { type Dataset, isBigEndian, isPlain, readBytes } from '../dataset/dataset.ts';
import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';

/** Uncompressed pixels as little-endian samples (PS3.5 section 8.1.1 and annex D). */
export function readNative(
  dataset: Dataset,
  header: PixelFormat,
): { samples: Uint8Array; bits: number } | RefusalCode {
  if (!isPlain(header.pixelData)) return 'MALFORMED';
  const expected = header.rows * header.columns * (header.bitsAllocated / 8);
  const value = readBytes(dataset, header.pixelData);
  // Values have even length (PS3.5 section 7.1.1), so an odd image carries one byte of padding.
  if (value.length !== expected && value.length !== expected + (expected % 2)) return 'BAD_PIXEL_LENGTH';
  // In a big endian OW value the bytes of a word are swapped even where a pixel takes one byte.
  const swapped = isBigEndian(dataset) && (header.bitsAllocated === 16 || header.pixelData.vr === 'OW');
  if (swapped && value.length % 2) return 'BAD_PIXEL_LENGTH';
  const samples = swapped ? Buffer.from(value).swap16() : value;
  return { samples: samples.subarray(0, expected), bits: header.bitsAllocated };
}
