import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';

/** Stored values, row-major, the three of a coloured pixel side by side, typed by Bits Allocated and Pixel Representation. */
export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array;

/** Interleaved samples as a decoder leaves them: 1 byte for up to 8 `bits`, else 2 bytes, little endian. */
export type Samples = { samples: Uint8Array; bits: number };

/**
 * Types decoded samples as the tags say: masks what lies above Bits Stored in native pixels (old overlays hide there),
 * extends the sign, and refuses compressed values that need more bits than the tags promise.
 */
export function toStoredPixels(
  { samples, bits }: Samples,
  format: Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'signed' | 'compressed'>,
): StoredPixels | RefusalCode {
  const wide = bits > 8 ? toWords(samples) : samples;
  const mask = 2 ** format.bitsStored - 1;
  const overflows = !format.signed && exceeds(wide, mask);
  if (overflows && format.compressed) return 'PIXEL_HEADER_MISMATCH';
  if (!format.signed && !overflows && wide.BYTES_PER_ELEMENT * 8 === format.bitsAllocated) return wide;
  const pixels = allocate(wide.length, format.bitsAllocated, format.signed);
  const shift = 32 - format.bitsStored;
  if (format.signed) for (let i = 0; i < pixels.length; i++) pixels[i] = (wide[i]! << shift) >> shift;
  else for (let i = 0; i < pixels.length; i++) pixels[i] = wide[i]! & mask;
  return pixels;
}

function toWords(samples: Uint8Array): Uint16Array {
  if (samples.byteOffset % 2 === 0)
    return new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
  return new Uint16Array(new Uint8Array(samples).buffer);
}

/** Some bit above `max`, which is a power of two less one. */
function exceeds(values: Uint8Array | Uint16Array, max: number): boolean {
  if (max === 2 ** (8 * values.BYTES_PER_ELEMENT) - 1) return false;
  let all = 0;
  for (let i = 0; i < values.length; i++) all |= values[i]!;
  return all > max;
}

function allocate(length: number, bitsAllocated: number, signed: boolean): StoredPixels {
  if (bitsAllocated === 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  return signed ? new Int16Array(length) : new Uint16Array(length);
}
