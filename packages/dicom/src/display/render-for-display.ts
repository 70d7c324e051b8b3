import { type Dataset, readDecimal, readWord } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';
import type { StoredPixels } from '../decode/stored-pixels.ts';
import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';
import { lookUp, readLookupTable } from './lookup-table.ts';
import { findPercentileWindow } from './percentile-window.ts';
import { applyWindow, readWindow } from './window.ts';

type Format = Pick<PixelFormat, 'bitsStored' | 'signed' | 'inverted'>;

/**
 * Shows stored values as a viewer does: modality table or rescale, then VOI table, window or percentiles, then white
 * for black where the film is MONOCHROME1 (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). A VOI table goes before a window, and
 * the first of several windows counts.
 *
 * @returns a byte for each pixel, 0 black to 255 white
 */
export function renderForDisplay(
  pixels: StoredPixels,
  dataset: Dataset,
  format: Format,
): Uint8Array | RefusalCode {
  // Everything is a function of the stored value, so it is worked out once for each of at most 65,536 values.
  const modality = tabulateModality(dataset, format);
  if (typeof modality === 'string') return modality;
  const shown = tabulateVoi(modality, pixels, dataset, format);
  if (typeof shown === 'string') return shown;
  const image = mapPixels(pixels, shown, lowestStored(format));
  return hasContrast(image) ? image : 'NO_CONTRAST';
}

function lowestStored({ bitsStored, signed }: Format): number {
  return signed ? -(2 ** (bitsStored - 1)) : 0;
}

function tabulateModality(dataset: Dataset, format: Format): Float64Array | RefusalCode {
  const lowest = lowestStored(format);
  const table = readLookupTable(dataset, TAGS.modalityLutSequence, format.signed);
  if (table === 'invalid') return 'BAD_LOOKUP_TABLE';
  const slope = readDecimal(dataset, TAGS.rescaleSlope) ?? 1;
  const intercept = readDecimal(dataset, TAGS.rescaleIntercept) ?? 0;
  if (!Number.isFinite(intercept) || !Number.isFinite(slope) || slope === 0) return 'BAD_WINDOW';
  return Float64Array.from({ length: 2 ** format.bitsStored }, (_, i) =>
    table ? lookUp(table, lowest + i) : (lowest + i) * slope + intercept,
  );
}

function tabulateVoi(
  modality: Float64Array,
  pixels: StoredPixels,
  dataset: Dataset,
  format: Format,
): Uint8Array | RefusalCode {
  const table = readLookupTable(dataset, TAGS.voiLutSequence, modality[0]! < 0 || modality.at(-1)! < 0);
  if (table === 'invalid') return 'BAD_LOOKUP_TABLE';
  const given = table ? null : readWindow(dataset);
  if (given === 'invalid') return 'BAD_WINDOW';
  const window = table
    ? null
    : (given ?? findPercentileWindow(modality, countStored(pixels, dataset, format)));
  if (!table && !window) return 'NO_CONTRAST';
  return Uint8Array.from(modality, (value) => {
    const shown = table ? lookUp(table, value) / (2 ** table.bits - 1) : applyWindow(value, window!);
    return Math.round(255 * (format.inverted ? 1 - shown : shown));
  });
}

/** Histogram of stored values without Pixel Padding (PS3.3 C.7.5.1.1.2), which is no part of the exposure. */
function countStored(pixels: StoredPixels, dataset: Dataset, format: Format): Uint32Array {
  const counts = new Uint32Array(2 ** format.bitsStored);
  const lowest = lowestStored(format);
  for (let i = 0; i < pixels.length; i++) counts[pixels[i]! - lowest]!++;
  const padding = readWord(dataset, TAGS.pixelPadding);
  if (padding === null) return counts;
  const limit = readWord(dataset, TAGS.pixelPaddingLimit) ?? padding;
  const [a, b] = [padding, limit].map((word) => (format.signed ? (word << 16) >> 16 : word) - lowest);
  counts.fill(0, Math.max(Math.min(a!, b!), 0), Math.max(Math.max(a!, b!) + 1, 0));
  return counts;
}

function mapPixels(pixels: StoredPixels, shown: Uint8Array, lowest: number): Uint8Array {
  const image = new Uint8Array(pixels.length);
  for (let i = 0; i < image.length; i++) image[i] = shown[pixels[i]! - lowest]!;
  return image;
}

function hasContrast(image: Uint8Array): boolean {
  const first = image[0];
  return image.some((value) => value !== first);
}
