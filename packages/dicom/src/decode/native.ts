import { type Dataset, isBigEndian, isPlain, readBytes } from '../dataset/dataset.ts';
import type { PixelFormat } from '../film-header.ts';
import type { RefusalCode } from '../refusals.ts';
import { isPadding } from './image-header.ts';
import type { Samples } from './stored-pixels.ts';

/** Uncompressed pixels of one frame as little-endian samples, interleaved (PS3.5 section 8.1.1 and annex D). */
export function readNative(dataset: Dataset, format: PixelFormat): Samples | RefusalCode {
  if (!isPlain(format.pixelData)) return 'MALFORMED';
  const frameBytes = countFrameBytes(format);
  const expected = format.frames * frameBytes;
  const value = readBytes(dataset, format.pixelData);
  // Values have even length (PS3.5 section 7.1.1), so an odd image carries a byte of padding; some writers add more.
  const rest = value.subarray(expected);
  const isWhole = value.length >= expected && isPadding(rest) && (rest.length < frameBytes || rest[0] === 0);
  if (!isWhole) return 'BAD_PIXEL_LENGTH';
  // In a big endian OW value the bytes of a word are swapped even where a pixel takes one byte.
  const swapped = isBigEndian(dataset) && (format.bitsAllocated === 16 || format.pixelData.vr === 'OW');
  if (swapped && value.length % 2) return 'BAD_PIXEL_LENGTH';
  const start = format.frame * frameBytes;
  const samples = (swapped ? Buffer.from(value).swap16() : value).subarray(start, start + frameBytes);
  return { samples: interleave(samples, format), bits: format.bitsAllocated };
}

function countFrameBytes({ rows, columns, samplesPerPixel, colour, bitsAllocated }: PixelFormat): number {
  const samples = colour === 'ybr-422' ? 2 : samplesPerPixel;
  return rows * columns * samples * (bitsAllocated / 8);
}

/** Brings the samples of a pixel together: PS3.3 C.7.6.3.1.2 for 422, C.7.6.3.1.3 for planes. */
function interleave(samples: Uint8Array, format: PixelFormat): Uint8Array {
  if (format.samplesPerPixel === 1) return samples;
  if (format.colour === 'ybr-422') return repeatChroma(samples);
  return format.planar ? joinPlanes(samples, format.bitsAllocated / 8) : samples;
}

function joinPlanes(planes: Uint8Array, bytes: number): Uint8Array {
  const joined = new Uint8Array(planes.length);
  const planeBytes = planes.length / 3;
  for (let i = 0, to = 0; i < planeBytes; i += bytes)
    for (let plane = 0; plane < 3; plane++)
      for (let byte = 0; byte < bytes; byte++) joined[to++] = planes[plane * planeBytes + i + byte]!;
  return joined;
}

/** Two pixels share their chroma: Y1 Y2 Cb Cr becomes Y1 Cb Cr Y2 Cb Cr. */
function repeatChroma(samples: Uint8Array): Uint8Array {
  const full = new Uint8Array((samples.length / 2) * 3);
  for (let from = 0, to = 0; from + 3 < samples.length; from += 4, to += 6) {
    const [first, second, cb, cr] = samples.subarray(from, from + 4);
    full.set([first!, cb!, cr!, second!, cb!, cr!], to);
  }
  return full;
}
