import dicomParser from 'dicom-parser';
import type { Part10 } from '../dataset/dataset.ts';
import type { PixelFormat } from '../film-header.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { hasEndMarker, type ImageHeader, readJpeg2000Header, readJpegHeader } from './image-header.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';
import { readNative } from './native.ts';
import { decodeRle } from './rle.ts';
import { type StoredPixels, toStoredPixels } from './stored-pixels.ts';
import { decodeInWasm } from './wasm-codecs.ts';

export type DecodedImage = {
  rows: number;
  columns: number;
  components: number;
  bits: number;
  /** Interleaved samples of 1 byte (up to 8 bits) or 2 bytes, little endian. */
  samples: Uint8Array;
};

type ImageCodec = 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';

/** Frame headers that each syntax allows: .50 is sequential 8-bit JPEG, .57/.70 lossless, .80/.81 JPEG-LS. */
const KINDS: Record<ImageCodec, string[]> = {
  jpeg: ['SOF0', 'SOF1'],
  'jpeg-lossless': ['SOF3'],
  'jpeg-ls': ['SOF55'],
  'jpeg-2000': ['SIZ'],
};

/** Decodes the one frame of a film into stored values, before any lookup table. */
export async function decodePixels(file: Part10, header: PixelFormat): Promise<StoredPixels | Refusal> {
  const codec = file.transferSyntax.codec;
  if (codec === null) return refuse('decode', 'UNSUPPORTED_TRANSFER_SYNTAX');
  const bytes =
    codec === 'native' ? readNative(file.dataset, header) : await decodeEncapsulated(file, header, codec);
  if (typeof bytes === 'string') return refuse('decode', bytes);
  const pixels = toStoredPixels(bytes.samples, bytes.bits, header);
  return typeof pixels === 'string' ? refuse('decode', pixels) : pixels;
}

type Samples = { samples: Uint8Array; bits: number };

async function decodeEncapsulated(
  file: Part10,
  header: PixelFormat,
  codec: ImageCodec | 'rle',
): Promise<Samples | RefusalCode> {
  const stream = joinFragments(file, header);
  if (!stream) return 'DECODE_FAILED';
  if (codec !== 'rle') return decodeImage(stream, header, codec);
  const samples = decodeRle(stream, header.rows * header.columns, header.bitsAllocated === 8 ? 1 : 2);
  return samples ? { samples, bits: header.bitsAllocated } : 'DECODE_FAILED';
}

/** All fragments after the offset table are the one frame (PS3.5 A.4). */
function joinFragments({ dataset }: Part10, { pixelData }: PixelFormat): Uint8Array | null {
  const count = pixelData.fragments?.length ?? 0;
  if (count === 0) return null;
  return dicomParser.readEncapsulatedPixelDataFromFragments(dataset, pixelData, 0, count);
}

async function decodeImage(
  stream: Uint8Array,
  header: PixelFormat,
  codec: ImageCodec,
): Promise<Samples | RefusalCode> {
  const claim = codec === 'jpeg-2000' ? readJpeg2000Header(stream) : readJpegHeader(stream);
  if (!claim || !hasEndMarker(stream)) return 'DECODE_FAILED';
  const fault = compareClaim(claim, header, codec);
  if (fault) return fault;
  const image =
    codec === 'jpeg-lossless' ? decodeJpegLossless(stream, claim) : await decodeInWasm(codec, stream);
  return image && deliversClaim(image, claim) ? image : 'DECODE_FAILED';
}

/** Runs before the decoder does, so that a small stream can't make it allocate a large image. */
function compareClaim(claim: ImageHeader, header: PixelFormat, codec: ImageCodec): RefusalCode | null {
  if (!KINDS[codec].includes(claim.kind)) return 'UNSUPPORTED_TRANSFER_SYNTAX';
  if (codec === 'jpeg' && claim.bits !== 8) return 'UNSUPPORTED_TRANSFER_SYNTAX';
  if (claim.components !== 1) return 'COLOUR_NOT_SUPPORTED';
  if (claim.rows !== header.rows || claim.columns !== header.columns) return 'PIXEL_HEADER_MISMATCH';
  if (claim.bits > header.bitsAllocated) return 'PIXEL_HEADER_MISMATCH';
  // With a sign, the width decides what a value means: nothing but the stored width is unambiguous.
  if (header.signed && claim.bits !== header.bitsStored) return 'PIXEL_HEADER_MISMATCH';
  // Only JPEG 2000 knows signs. openjpeg's JavaScript build clamps signed images of up to 8 bits at zero.
  if (codec === 'jpeg-2000' && claim.signed !== header.signed) return 'PIXEL_HEADER_MISMATCH';
  if (claim.signed && claim.bits <= 8) return 'UNSUPPORTED_BIT_DEPTH';
  return null;
}

function deliversClaim(image: DecodedImage, claim: ImageHeader): boolean {
  const bytesPerSample = claim.bits > 8 ? 2 : 1;
  return (
    image.rows === claim.rows &&
    image.columns === claim.columns &&
    image.components === 1 &&
    image.bits === claim.bits &&
    image.samples.length === claim.rows * claim.columns * bytesPerSample
  );
}
