import { inflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { drawLettering, type Lettering, stamp } from '../burned-in-text/fixtures/draw-lettering.ts';
import { findTransferSyntax } from '../dataset/transfer-syntaxes.ts';
import { encodeHtj2k, encodeJpeg2000, encodeJpegLs } from '../fixtures/encode-in-wasm.ts';
import { encodeJpegLossless } from '../fixtures/encode-jpeg-lossless.ts';
import { type FilmFixture, filmElements, SYNTAX, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { JPEG_12_BIT } from '../fixtures/jpeg-12-bit.ts';
import { encodeRle } from '../write/encode-rle.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

/** A film that is read without fault, and what a mutator has to know about it. */
export type SeedFilm = {
  name: string;
  /** The file; of a deflated one with its data set inflated, to be deflated again after a mutation. */
  bytes: Buffer;
  isDeflated: boolean;
  bigEndian: boolean;
  /** Where the data set begins, behind the file meta information. */
  dataset: number;
};

const SIDE = 128;
const TEXT_SIDE = 320;
const BITS = 12;
const values = testPixels(SIDE, SIDE, BITS);
const bytes = toBytes(values, 16);
const image = { rows: SIDE, columns: SIDE, bits: BITS };

/** One film of each transfer syntax that can be decoded, and some of other kinds of pixels. Small, so that many can be read. */
export async function createSeedFilms(): Promise<SeedFilm[]> {
  const lossless = encodeJpegLossless({ ...image, values, predictor: 1 });
  const ls = await encodeJpegLs({ ...image, bytes });
  const lossyLs = await encodeJpegLs({ ...image, bytes }, 2);
  const j2k = await encodeJpeg2000({ ...image, bytes });
  const htj2k = await encodeHtj2k({ ...image, bytes });
  const gray = toBytes(testPixels(SIDE, SIDE, 8), 8);
  const raw = { raw: { width: SIDE, height: SIDE, channels: 1 as const } };
  const jpeg = await sharp(gray, raw).toColourspace('b-w').jpeg().toBuffer();
  const bits8 = { bitsAllocated: 8, bitsStored: 8 };
  const jpeg12 = { rows: JPEG_12_BIT.rows, columns: JPEG_12_BIT.columns };
  return [
    seed('implicit', SYNTAX.implicit, { pixelData: bytes }),
    seed('explicit', SYNTAX.explicit, { pixelData: bytes }),
    seed('big endian', SYNTAX.bigEndian, { pixelData: toBytes(values, 16, true) }),
    seed('deflated', SYNTAX.deflated, { pixelData: bytes }),
    seed('rle', SYNTAX.rle, encapsulated(encodeRle(bytes, 2, SIDE))),
    seed('jpeg', SYNTAX.jpeg, { ...bits8, ...encapsulated(jpeg) }),
    seed('jpeg extended', SYNTAX.jpegExtended, { ...jpeg12, ...encapsulated(JPEG_12_BIT.stream) }),
    seed('jpeg lossless', SYNTAX.jpegLossless, encapsulated(lossless)),
    seed('jpeg lossless first order', SYNTAX.jpegLosslessFirstOrder, encapsulated(lossless)),
    seed('jpeg-ls', SYNTAX.jpegLs, encapsulated(ls)),
    seed('jpeg-ls near lossless', SYNTAX.jpegLsNearLossless, encapsulated(lossyLs)),
    seed('jpeg 2000 lossless', SYNTAX.jpeg2000Lossless, encapsulated(j2k)),
    seed('jpeg 2000', SYNTAX.jpeg2000, encapsulated(j2k)),
    seed('htj2k lossless', SYNTAX.htj2kLossless, encapsulated(htj2k)),
    seed('htj2k', SYNTAX.htj2k, encapsulated(htj2k)),
    seed('rgb', SYNTAX.explicit, rgb(gray)),
    seed('text', SYNTAX.explicit, await withText()),
    seed('fragments', SYNTAX.jpeg2000, inFragments(j2k)),
  ];
}

/** A film with a made-up number on it, so that what becomes of text is mutated, too; large enough for a line of text. */
async function withText(): Promise<FilmFixture> {
  const lettering: Lettering = {
    ...{ text: 'MRN 4055187', face: 'DejaVuSans', heightPx: 10, opacity: 1, ink: 'plate', turn: 0 },
  };
  const film = { rows: TEXT_SIDE, columns: TEXT_SIDE, gray: new Uint8Array(TEXT_SIDE * TEXT_SIDE).fill(90) };
  film.gray.forEach((_, at) => {
    film.gray[at]! += (at % TEXT_SIDE) >> 3;
  });
  stamp(film, await drawLettering(lettering), lettering, 40, 60);
  const { rows, columns, gray } = film;
  return { rows, columns, bitsAllocated: 8, bitsStored: 8, pixelData: Buffer.from(gray) };
}

function encapsulated(stream: Uint8Array): FilmFixture {
  return { pixelData: { fragments: [stream] }, pixelVr: 'OB' };
}

function inFragments(stream: Uint8Array): FilmFixture {
  const third = 2 * Math.floor(stream.length / 6);
  const fragments = [stream.slice(0, third), stream.slice(third, 2 * third), stream.slice(2 * third)];
  return { pixelData: { fragments }, pixelVr: 'OB' };
}

function rgb(gray: Uint8Array): FilmFixture {
  const pixelData = Buffer.alloc(3 * gray.length).map((_, i) => gray[Math.floor(i / 3)]!);
  const samples = { tag: 0x00280002, vr: 'US', value: 3 };
  const planar = { tag: 0x00280006, vr: 'US', value: 0 };
  const format = { bitsAllocated: 8, bitsStored: 8, photometric: 'RGB' };
  return { ...format, pixelData, change: { [samples.tag]: samples, [planar.tag]: planar } };
}

/** Elements beside those of every film, so that sequences, tables, windows, private elements and overlays are mutated, too. */
function moreElements(bigEndian: boolean): WriteElement[] {
  const table = Buffer.alloc(512);
  for (let i = 0; i < 256; i++)
    bigEndian ? table.writeUInt16BE(257 * i, 2 * i) : table.writeUInt16LE(257 * i, 2 * i);
  const lut: WriteElement[] = [
    { tag: 0x00283002, vr: 'US', value: [256, 0, 16] },
    { tag: 0x00283006, vr: 'OW', value: table },
  ];
  const code: WriteElement[] = [{ tag: 0x00080100, vr: 'SH', value: '399348003' }];
  return [
    { tag: 0x00091010, vr: 'UN', value: Buffer.alloc(40, 1) },
    { tag: 0x00281050, vr: 'DS', value: '2048\\100' },
    { tag: 0x00281051, vr: 'DS', value: '4096\\10' },
    { tag: 0x00281052, vr: 'DS', value: '0' },
    { tag: 0x00281053, vr: 'DS', value: '1' },
    { tag: 0x00283010, vr: 'SQ', value: { items: [lut], undefinedLength: true } },
    { tag: 0x00540220, vr: 'SQ', value: { items: [code, code] } },
    { tag: 0x60003000, vr: 'OW', value: Buffer.alloc(64, 0x55) },
  ];
}

function seed(name: string, syntax: string, fixture: FilmFixture): SeedFilm {
  const { bigEndian, deflated: isDeflated } = findTransferSyntax(syntax);
  const change = { ...Object.fromEntries(moreElements(bigEndian).map((e) => [e.tag, e])), ...fixture.change };
  const file = writeDicom(filmElements({ rows: SIDE, columns: SIDE, ...fixture, change }), syntax);
  const dataset = 144 + file.readUInt32LE(140); // behind the group length of the meta information
  const bytes = isDeflated
    ? Buffer.concat([file.subarray(0, dataset), inflateRawSync(file.subarray(dataset))])
    : file;
  return { name, bytes, isDeflated, bigEndian, dataset };
}
