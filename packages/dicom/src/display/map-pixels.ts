import type { StoredPixels } from '../decode/stored-pixels.ts';
import { viewWords } from '../decode/word-view.ts';

/**
 * Looks up every pixel.
 *
 * @param shown a byte for each value from `lowest` on
 */
export function mapPixels(pixels: StoredPixels, shown: Uint8Array, lowest: number): Uint8Array {
  const { words, pixels: count } = viewWords(pixels);
  const image = new Uint8Array(pixels.length);
  const quads = new Uint32Array(image.buffer, 0, count >> 2);
  const isWide = pixels.BYTES_PER_ELEMENT === 2;
  const byPattern = orderByPattern(shown, lowest, isWide ? 65_536 : 256);
  if (isWide) mapWide(words, byPattern, quads);
  else mapNarrow(words, byPattern, quads);
  for (let i = 4 * quads.length; i < image.length; i++) image[i] = shown[pixels[i]! - lowest]!;
  return image;
}

/** The same bytes by the bits of a value in place of its number. */
function orderByPattern(shown: Uint8Array, lowest: number, patterns: number): Uint8Array {
  const ordered = new Uint8Array(patterns);
  for (let i = 0; i < shown.length; i++) ordered[(lowest + i) & (patterns - 1)] = shown[i]!;
  return ordered;
}

function mapWide(words: Uint32Array, shown: Uint8Array, quads: Uint32Array): void {
  for (let i = 0; i < quads.length; i++) {
    const [first, second] = [words[2 * i]!, words[2 * i + 1]!];
    const low = shown[first & 0xffff]! | (shown[first >>> 16]! << 8);
    quads[i] = low | (shown[second & 0xffff]! << 16) | (shown[second >>> 16]! << 24);
  }
}

function mapNarrow(words: Uint32Array, shown: Uint8Array, quads: Uint32Array): void {
  for (let i = 0; i < quads.length; i++) {
    const word = words[i]!;
    const low = shown[word & 0xff]! | (shown[(word >>> 8) & 0xff]! << 8);
    quads[i] = low | (shown[(word >>> 16) & 0xff]! << 16) | (shown[word >>> 24]! << 24);
  }
}
