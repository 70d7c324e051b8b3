import type { PixelFormat } from '../film-header.ts';
import type { StoredPixels } from './stored-pixels.ts';

/** How far the colours of a gray pixel may lie apart, of 255: what the chroma of lossy compression leaves. */
const SPREAD_MAX = 4;

/** YBR_FULL of 8 bits to RGB, in place (PS3.3 C.7.6.3.1.2). */
export function convertToRgb(pixels: StoredPixels): void {
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const [y, cb, cr] = [pixels[i]!, pixels[i + 1]! - 128, pixels[i + 2]! - 128];
    pixels[i] = toByte(y + 1.402 * cr);
    pixels[i + 1] = toByte(y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587);
    pixels[i + 2] = toByte(y + 1.772 * cb);
  }
}

function toByte(value: number): number {
  return Math.min(Math.max(Math.floor(value + 0.5), 0), 255);
}

/**
 * The gray values of a radiograph that is stored in colour; null when a single pixel is coloured, because then it is no
 * plain radiograph or bears annotations.
 */
export function toGray(
  rgb: StoredPixels,
  { bitsStored, bitsAllocated }: Pick<PixelFormat, 'bitsStored' | 'bitsAllocated'>,
): Uint8Array | Uint16Array | null {
  const gray = new (bitsAllocated === 8 ? Uint8Array : Uint16Array)(rgb.length / 3);
  const spreadMax = SPREAD_MAX * 2 ** (bitsStored - 8);
  for (let i = 0, from = 0; i < gray.length; i++, from += 3) {
    const [red, green, blue] = [rgb[from]!, rgb[from + 1]!, rgb[from + 2]!];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > spreadMax) return null;
    gray[i] = Math.round((red + green + blue) / 3);
  }
  return gray;
}
