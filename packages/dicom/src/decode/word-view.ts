import type { StoredPixels } from './stored-pixels.ts';

/**
 * The bytes of pixels four at a time, and how many pixels those hold; what is left at the end fills no word. Working on
 * whole words halves the time of what is done to every pixel.
 */
export function viewWords(pixels: StoredPixels): { words: Uint32Array; pixels: number } {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes); // a copy is aligned
  const words = new Uint32Array(buffer, byteOffset, bytes.length >> 2);
  return { words, pixels: (4 * words.length) / pixels.BYTES_PER_ELEMENT };
}

/** All bits that are set in any value. */
export function joinBits(values: Uint8Array | Uint16Array): number {
  const { words, pixels } = viewWords(values);
  let all = 0;
  for (let i = 0; i < words.length; i++) all |= words[i]!;
  let joined = all | (all >>> 16);
  if (values.BYTES_PER_ELEMENT === 1) joined |= joined >>> 8;
  for (let i = pixels; i < values.length; i++) joined |= values[i]!;
  return joined & (2 ** (8 * values.BYTES_PER_ELEMENT) - 1);
}
