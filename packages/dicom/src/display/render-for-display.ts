import { type Dataset, readDecimal, readWord } from '../dataset/dataset.ts';
import { TAGS } from '../dataset/tags.ts';
import { toGray } from '../decode/colour.ts';
import type { StoredPixels } from '../decode/stored-pixels.ts';
import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';
import { readGrayPalette } from './gray-palette.ts';
import { lookUp, readLookupTable } from './lookup-table.ts';
import { mapPixels } from './map-pixels.ts';
import { findPercentileWindow } from './percentile-window.ts';
import { applyWindow, readWindow } from './window.ts';

type Format = Pick<PixelFormat, 'bitsStored' | 'bitsAllocated' | 'signed' | 'inverted' | 'colour'>;

/**
 * Shows stored values as a viewer does: modality table or rescale, then VOI table, window or percentiles, then white
 * for black where the film says so (PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). A VOI table goes before a window, and the first
 * of several windows counts. Padding is background, so it is black. Films stored in colour have none of these: their
 * gray is shown as it is.
 *
 * @returns a byte for each pixel, 0 black to 255 white
 */
export function renderForDisplay(
  pixels: StoredPixels,
  dataset: Dataset,
  format: Format,
): Uint8Array | RefusalCode {
  const image =
    format.colour === 'gray' ? showGray(pixels, dataset, format) : showColour(pixels, dataset, format);
  return typeof image === 'string' || hasContrast(image) ? image : 'NO_CONTRAST';
}

/** Everything is a function of the stored value, so it is worked out once for each of at most 65,536 values. */
function showGray(pixels: StoredPixels, dataset: Dataset, format: Format): Uint8Array | RefusalCode {
  const modality = tabulateModality(dataset, format);
  if (typeof modality === 'string') return modality;
  const padding = readPadding(dataset, format);
  const shown = tabulateVoi(modality, pixels, dataset, format, padding);
  if (typeof shown === 'string') return shown;
  if (padding) shown.fill(0, padding.from, padding.to);
  return mapPixels(pixels, shown, lowestStored(format));
}

function showColour(pixels: StoredPixels, dataset: Dataset, format: Format): Uint8Array | RefusalCode {
  if (format.colour === 'palette') {
    const shown = readGrayPalette(dataset, pixels, 2 ** format.bitsStored);
    return typeof shown === 'string' ? shown : mapPixels(pixels, shown, 0);
  }
  const gray = toGray(pixels, format);
  if (!gray) return 'COLOUR_NOT_SUPPORTED';
  const white = 2 ** format.bitsStored - 1;
  return Uint8Array.from(gray, (value) => Math.round((255 * value) / white));
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
  padding: Padding | null,
): Uint8Array | RefusalCode {
  const table = readLookupTable(dataset, TAGS.voiLutSequence, modality[0]! < 0 || modality.at(-1)! < 0);
  if (table === 'invalid') return 'BAD_LOOKUP_TABLE';
  const given = table ? null : readWindow(dataset);
  const window = table
    ? null
    : (given ?? findPercentileWindow(modality, countStored(pixels, format, padding)));
  if (!table && !window) return 'NO_CONTRAST';
  return Uint8Array.from(modality, (value) => {
    const shown = table ? lookUp(table, value) / (2 ** table.bits - 1) : applyWindow(value, window!);
    return Math.round(255 * (format.inverted ? 1 - shown : shown));
  });
}

/** Stored values that stand for no exposure, counted from the lowest; `to` is the first after them. */
type Padding = { from: number; to: number };

/** Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2), in either order. */
function readPadding(dataset: Dataset, format: Format): Padding | null {
  const value = readWord(dataset, TAGS.pixelPadding);
  if (value === null) return null;
  const limit = readWord(dataset, TAGS.pixelPaddingLimit) ?? value;
  const [a, b] = [value, limit].map(
    (word) => (format.signed ? (word << 16) >> 16 : word) - lowestStored(format),
  );
  return { from: Math.max(Math.min(a!, b!), 0), to: Math.max(Math.max(a!, b!) + 1, 0) };
}

/** Histogram of stored values, without padding. */
function countStored(pixels: StoredPixels, format: Format, padding: Padding | null): Uint32Array {
  const counts = new Uint32Array(2 ** format.bitsStored);
  const lowest = lowestStored(format);
  for (let i = 0; i < pixels.length; i++) counts[pixels[i]! - lowest]!++;
  if (padding) counts.fill(0, padding.from, padding.to);
  return counts;
}

function hasContrast(image: Uint8Array): boolean {
  const first = image[0];
  return image.some((value) => value !== first);
}
