import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';
import { joinBits } from './word-view.ts';

/** Stored values, row-major, the three of a coloured pixel side by side, typed by Bits Allocated and Pixel Representation. */
export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array;

/**
 * Interleaved samples as a decoder leaves them: 1 byte for up to 8 `bits`, else 2 bytes, little endian. `signed` where the
 * stream itself says that they are in two's complement.
 */
export type Samples = { samples: Uint8Array; bits: number; signed?: boolean };

type Format = Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'signed' | 'compressed'>;

/**
 * Types decoded samples as the tags say: masks what lies above Bits Stored in native pixels (old overlays hide there),
 * extends the sign, and refuses compressed values that need more bits than the tags promise.
 */
export function toStoredPixels(decoded: Samples, format: Format): StoredPixels | RefusalCode {
  const wide = decoded.bits > 8 ? toWords(decoded.samples) : decoded.samples;
  if (format.signed) return extendSign(wide, decoded, format);
  const mask = 2 ** format.bitsStored - 1;
  const isFull = format.bitsStored === 8 * wide.BYTES_PER_ELEMENT;
  const overflows = !isFull && joinBits(wide) > mask;
  if (overflows && format.compressed) return 'PIXEL_HEADER_MISMATCH';
  if (!overflows && wide.BYTES_PER_ELEMENT * 8 === format.bitsAllocated) return wide;
  const pixels = new (format.bitsAllocated === 8 ? Uint8Array : Uint16Array)(wide.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = wide[i]! & mask;
  return pixels;
}

/** The sign is where the stream says it is, or else at the highest stored bit. */
function extendSign(
  wide: Uint8Array | Uint16Array,
  { bits, signed }: Samples,
  { bitsStored, bitsAllocated }: Format,
): StoredPixels | RefusalCode {
  const pixels = new (bitsAllocated === 8 ? Int8Array : Int16Array)(wide.length);
  const shift = 32 - (signed ? bits : bitsStored);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (wide[i]! << shift) >> shift;
  const limit = 2 ** (bitsStored - 1);
  const isWide = signed && bits > bitsStored && pixels.some((value) => value < -limit || value >= limit);
  return isWide ? 'PIXEL_HEADER_MISMATCH' : pixels;
}

function toWords(samples: Uint8Array): Uint16Array {
  if (samples.byteOffset % 2 === 0)
    return new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
  return new Uint16Array(new Uint8Array(samples).buffer);
}
