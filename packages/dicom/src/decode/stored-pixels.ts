import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';

/** Stored values, row-major, typed by Bits Allocated and Pixel Representation. */
export type StoredPixels = Uint8Array | Int8Array | Uint16Array | Int16Array;

/**
 * Types decoded samples as the tags say: masks what lies above Bits Stored in native pixels (old overlays hide there),
 * extends the sign, and refuses compressed values that need more bits than the tags promise.
 *
 * @param samples 1 byte a sample for up to 8 `bits`, else 2 bytes little endian; rows·columns samples
 */
export function toStoredPixels(
  samples: Uint8Array,
  bits: number,
  header: Pick<PixelFormat, 'bitsAllocated' | 'bitsStored' | 'signed' | 'compressed'>,
): StoredPixels | RefusalCode {
  const wide = bits > 8 ? toWords(samples) : samples;
  const mask = 2 ** header.bitsStored - 1;
  const overflows = !header.signed && exceeds(wide, mask);
  if (overflows && header.compressed) return 'PIXEL_HEADER_MISMATCH';
  if (!header.signed && !overflows && wide.BYTES_PER_ELEMENT * 8 === header.bitsAllocated) return wide;
  const pixels = allocate(wide.length, header.bitsAllocated, header.signed);
  const shift = 32 - header.bitsStored;
  if (header.signed) for (let i = 0; i < pixels.length; i++) pixels[i] = (wide[i]! << shift) >> shift;
  else for (let i = 0; i < pixels.length; i++) pixels[i] = wide[i]! & mask;
  return pixels;
}

function toWords(samples: Uint8Array): Uint16Array {
  if (samples.byteOffset % 2 === 0)
    return new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
  return new Uint16Array(new Uint8Array(samples).buffer);
}

function exceeds(values: Uint8Array | Uint16Array, max: number): boolean {
  for (let i = 0; i < values.length; i++) if (values[i]! > max) return true;
  return false;
}

function allocate(length: number, bitsAllocated: number, signed: boolean): StoredPixels {
  if (bitsAllocated === 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  return signed ? new Int16Array(length) : new Uint16Array(length);
}
