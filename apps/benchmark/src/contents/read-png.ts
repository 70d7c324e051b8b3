import { crc32, inflateSync } from 'node:zlib';
import { SYNTHETIC_MARK } from '@synspine/release';
import sharp from 'sharp';
import { ContentFault, demand } from './content-fault.ts';

type Chunk = { type: string; data: Buffer };
type Size = { width: number; height: number };

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Chunks of the PNG standard that agents before 0.2.0 wrote without meaning to: their encoder's resolution. */
const OLD_AGENTS_WROTE = ['pHYs'];

/**
 * Reads an 8-bit gray PNG that carries its pixels and the statement that it is synthetic, and nothing else: no other chunk,
 * no byte after the end of its pixels' stream or of the file. Returns width·height bytes. Throws ContentFault.
 */
export async function readPng(
  bytes: Uint8Array,
  isSize: (size: Size) => boolean,
): Promise<Size & { gray: Buffer }> {
  const chunks = splitChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const size = readHeader(chunks);
  demand(isSize(size), 'CONTENT_PNG_FORMAT');
  checkChunks(chunks);
  checkPixelStream(chunks, size);
  return { ...size, gray: await decode(bytes, size) };
}

/** PNG (third edition) §5: signature, then chunks of length, type, data and CRC up to IEND, which ends the file. */
function splitChunks(png: Buffer): Chunk[] {
  demand(png.subarray(0, 8).equals(SIGNATURE), 'CONTENT_PNG_DAMAGED');
  const chunks: Chunk[] = [];
  for (let at = 8; at < png.length; ) {
    demand(at + 12 <= png.length, 'CONTENT_PNG_DAMAGED');
    const end = at + 12 + png.readUInt32BE(at);
    demand(
      end <= png.length && crc32(png.subarray(at + 4, end - 4)) === png.readUInt32BE(end - 4),
      'CONTENT_PNG_DAMAGED',
    );
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: png.subarray(at + 8, end - 4) });
    at = end;
    if (type === 'IEND') demand(at === png.length && chunks.at(-1)!.data.length === 0, 'CONTENT_PNG_DAMAGED');
  }
  demand(chunks.at(-1)?.type === 'IEND', 'CONTENT_PNG_DAMAGED');
  return chunks;
}

/** §11.2.1: 8 bits, colour type 0 (gray), not interlaced. */
function readHeader([header, ...rest]: Chunk[]): Size {
  demand(header?.type === 'IHDR' && header.data.length === 13, 'CONTENT_PNG_DAMAGED');
  demand(
    rest.every(({ type }) => type !== 'IHDR'),
    'CONTENT_PNG_DAMAGED',
  );
  demand(header.data.subarray(8).equals(Buffer.from([8, 0, 0, 0, 0])), 'CONTENT_PNG_FORMAT');
  return { width: header.data.readUInt32BE(0), height: header.data.readUInt32BE(4) };
}

/** Header, the very statement that the agent writes, pixels, end: nothing else, and no empty piece. */
function checkChunks(chunks: readonly Chunk[]): void {
  const others = chunks.filter(({ type }) => !['IHDR', 'IDAT', 'IEND', 'iTXt'].includes(type));
  demand(
    others.every(({ type }) => OLD_AGENTS_WROTE.includes(type)),
    'CONTENT_PNG_CHUNKS',
  );
  const marks = chunks.filter(({ type }) => type === 'iTXt');
  demand(marks.length > 0, 'CONTENT_PNG_UNMARKED');
  demand(others.length === 0 && marks.length === 1, 'CONTENT_PNG_CHUNKS');
  demand(marks[0]!.data.equals(SYNTHETIC_MARK), 'CONTENT_PNG_MARK');
  const [, mark, ...pixels] = chunks.slice(0, -1);
  demand(mark === marks[0], 'CONTENT_PNG_CHUNKS');
  demand(
    pixels.every(({ data }) => data.length > 0),
    'CONTENT_PNG_DAMAGED',
  );
}

/** The stream inflates to exactly the image's rows, each with its filter byte, and nothing follows it. */
function checkPixelStream(chunks: readonly Chunk[], { width, height }: Size): void {
  const stream = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const bytes = height * (width + 1);
  demand(stream.length <= deflateBound(bytes), 'CONTENT_PNG_DAMAGED');
  const inflated = tryInflate(stream, bytes);
  demand(
    inflated?.buffer.length === bytes && inflated.engine.bytesWritten === stream.length,
    'CONTENT_PNG_DAMAGED',
  );
}

/** RFC 1951 §3.2.4: stored in blocks of 16 KiB or more, data takes 5 bytes a block; RFC 1950: 6 bytes around them. */
function deflateBound(bytes: number): number {
  return bytes + 5 * (Math.floor(bytes / 16_383) + 1) + 6;
}

function tryInflate(stream: Buffer, maxOutputLength: number) {
  try {
    // `info` is a documented option that the types leave out: how many bytes were read, besides what came of them.
    return inflateSync(stream, { maxOutputLength, info: true } as never) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
  } catch {
    return undefined;
  }
}

async function decode(png: Uint8Array, { width, height }: Size): Promise<Buffer> {
  try {
    const image = sharp(png, { limitInputPixels: width * height, failOn: 'error' });
    return await image.toColourspace('b-w').raw().toBuffer();
  } catch {
    throw new ContentFault('CONTENT_PNG_DAMAGED');
  }
}
