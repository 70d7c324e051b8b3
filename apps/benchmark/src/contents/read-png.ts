import { crc32, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { ContentFault, demand } from './content-fault.ts';
import { saysSyntheticAlone } from './xmp.ts';

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
  checkAncillary(chunks);
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
    if (type === 'IEND') demand(at === png.length, 'CONTENT_PNG_DAMAGED');
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

/** One iTXt that says that the image is synthetic; beside it, only what makes up the image. */
function checkAncillary(chunks: readonly Chunk[]): void {
  const others = chunks.filter(({ type }) => !['IHDR', 'IDAT', 'IEND', 'iTXt'].includes(type));
  demand(
    others.every(({ type }) => OLD_AGENTS_WROTE.includes(type)),
    'CONTENT_PNG_CHUNKS',
  );
  const marks = chunks.filter(({ type }) => type === 'iTXt');
  demand(marks.length > 0, 'CONTENT_PNG_UNMARKED');
  demand(others.length === 0 && marks.length === 1, 'CONTENT_PNG_CHUNKS');
  // §11.3.3.4: keyword, 0, compression flag and method, language tag, 0, translated keyword, 0, text.
  const opening = Buffer.from('XML:com.adobe.xmp\0\0\0\0\0', 'latin1');
  const { data } = marks[0]!;
  demand(data.subarray(0, opening.length).equals(opening), 'CONTENT_PNG_MARK');
  demand(saysSyntheticAlone(data.subarray(opening.length).toString('utf8')), 'CONTENT_PNG_MARK');
}

/** The stream inflates to exactly the image's rows, each with its filter byte, and nothing follows it. */
function checkPixelStream(chunks: readonly Chunk[], { width, height }: Size): void {
  const stream = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const bytes = height * (width + 1);
  const inflated = tryInflate(stream, bytes);
  demand(
    inflated?.buffer.length === bytes && inflated.engine.bytesWritten === stream.length,
    'CONTENT_PNG_DAMAGED',
  );
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
