import type { Part10 } from '../dataset/dataset.ts';
import type { PixelFormat } from '../film-header.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import { convertToRgb } from './colour.ts';
import { readFrameStream } from './frame-stream.ts';
import {
  hasWholeTileParts,
  type ImageHeader,
  readJpeg2000Header,
  readJpegHeader,
  stateWholeBand,
  trimPadding,
  unwrapJp2,
} from './image-header.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';
import { decodeJpegSequential } from './jpeg-sequential.ts';
import { readNative } from './native.ts';
import { decodeRle } from './rle.ts';
import { type Samples, type StoredPixels, toStoredPixels } from './stored-pixels.ts';
import { decodeInWasm } from './wasm-codecs.ts';

export type DecodedImage = Samples & { rows: number; columns: number; components: number };

type ImageCodec = 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

/** Frame headers that each syntax allows: .50 and .51 are sequential JPEG, .57/.70 lossless, .80/.81 JPEG-LS. */
const KINDS: Record<ImageCodec, string[]> = {
  jpeg: ['SOF0', 'SOF1'],
  'jpeg-lossless': ['SOF3'],
  'jpeg-ls': ['SOF55'],
  'jpeg-2000': ['SIZ'],
  htj2k: ['SIZ'],
};

/**
 * Decodes one frame of a film into stored values, before any lookup table. Colours come as RGB, as pydicom's pixel_array
 * has them, and indices into a palette as they are.
 */
export async function decodePixels(file: Part10, format: PixelFormat): Promise<StoredPixels | Refusal> {
  const codec = file.transferSyntax.codec;
  if (codec === null) return refuse('decode', 'UNSUPPORTED_TRANSFER_SYNTAX');
  const samples =
    codec === 'native' ? readNative(file.dataset, format) : await decodeEncapsulated(file, format, codec);
  const pixels = typeof samples === 'string' ? samples : toStoredPixels(samples, format);
  if (typeof pixels === 'string') return refuse('decode', pixels);
  const isYbr = format.colour.startsWith('ybr') && !['jpeg', 'jpeg-2000', 'htj2k'].includes(codec);
  if (!isYbr) return pixels;
  if (format.bitsAllocated !== 8) return refuse('decode', 'COLOUR_NOT_SUPPORTED');
  const rgb = new Uint8Array(pixels);
  convertToRgb(rgb);
  return rgb;
}

async function decodeEncapsulated(
  { dataset }: Part10,
  format: PixelFormat,
  codec: ImageCodec | 'rle',
): Promise<Samples | RefusalCode> {
  const stream = readFrameStream(dataset, format);
  if (!stream) return format.frames === 1 ? 'DECODE_FAILED' : 'MULTI_FRAME';
  if (codec !== 'rle') return decodeImage(stream, format, codec);
  const { rows, columns, samplesPerPixel, bitsAllocated } = format;
  const samples = decodeRle(stream, rows * columns, samplesPerPixel, bitsAllocated === 8 ? 1 : 2);
  return samples ? { samples, bits: bitsAllocated } : 'DECODE_FAILED';
}

async function decodeImage(
  bytes: Uint8Array,
  format: PixelFormat,
  codec: ImageCodec,
): Promise<Samples | RefusalCode> {
  const isJpeg2000 = codec === 'jpeg-2000' || codec === 'htj2k';
  const stream = trimPadding(isJpeg2000 ? unwrapJp2(bytes) : bytes);
  const claim = stream && (isJpeg2000 ? readJpeg2000Header(stream) : readJpegHeader(stream));
  if (!claim) return 'DECODE_FAILED';
  const fault = compareClaim(claim, format, codec);
  if (fault) return fault;
  if (isJpeg2000 && !hasWholeTileParts(stream)) return 'DECODE_FAILED';
  const image = await runDecoder(stream, claim, codec);
  return image && deliversClaim(image, claim) ? { ...image, signed: claim.signed } : 'DECODE_FAILED';
}

async function runDecoder(
  stream: Uint8Array,
  claim: ImageHeader,
  codec: ImageCodec,
): Promise<DecodedImage | null> {
  if (codec === 'jpeg-lossless') return decodeJpegLossless(stream, claim);
  if (codec !== 'jpeg') return decodeInWasm(codec, stream);
  const whole = stateWholeBand(stream);
  return claim.bits === 12 ? decodeJpegSequential(whole, claim) : decodeInWasm(codec, whole);
}

/** Runs before the decoder does, so that a small stream can't make it allocate a large image. */
function compareClaim(claim: ImageHeader, format: PixelFormat, codec: ImageCodec): RefusalCode | null {
  if (!KINDS[codec].includes(claim.kind)) return 'UNSUPPORTED_TRANSFER_SYNTAX';
  if (codec === 'jpeg' && !isJpegDepth(claim)) return 'UNSUPPORTED_TRANSFER_SYNTAX';
  if (claim.components !== format.samplesPerPixel) return 'COLOUR_NOT_SUPPORTED';
  if (claim.components > 1 && (codec === 'jpeg-lossless' || claim.bits > 8)) return 'COLOUR_NOT_SUPPORTED';
  if (claim.rows !== format.rows || claim.columns !== format.columns) return 'PIXEL_HEADER_MISMATCH';
  if (claim.bits > format.bitsAllocated) return 'PIXEL_HEADER_MISMATCH';
  // Of the streams only JPEG 2000 knows signs; in the others the width of a value decides what it means.
  if (claim.signed && !format.signed) return 'PIXEL_HEADER_MISMATCH';
  if (format.signed && !claim.signed && claim.bits !== format.bitsStored) return 'PIXEL_HEADER_MISMATCH';
  // Both decoders of JPEG 2000 clamp signed images of up to 8 bits at zero.
  if (claim.signed && claim.bits <= 8) return 'UNSUPPORTED_BIT_DEPTH';
  return null;
}

/** 12 bits are for the extended process, whose frame header is SOF1. */
function isJpegDepth({ bits, kind }: ImageHeader): boolean {
  return bits === 8 || (bits === 12 && kind === 'SOF1');
}

function deliversClaim(image: DecodedImage, claim: ImageHeader): boolean {
  const bytesPerSample = claim.bits > 8 ? 2 : 1;
  return (
    image.rows === claim.rows &&
    image.columns === claim.columns &&
    image.components === claim.components &&
    image.bits === claim.bits &&
    image.samples.length === claim.rows * claim.columns * claim.components * bytesPerSample
  );
}
