import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeHtj2k, encodeJpeg2000, encodeJpegLs } from './fixtures/encode-in-wasm.ts';
import { encodeJpegLossless } from './fixtures/encode-jpeg-lossless.ts';
import { type FilmFixture, filmElements, SYNTAX, testPixels, toBytes } from './fixtures/film-elements.ts';
import { type Film, readFilm } from './read-film.ts';
import { encodeRle } from './write/encode-rle.ts';
import { writeDicom } from './write/write-dicom.ts';

const ROWS = 130;
const COLUMNS = 141;

type Depth = { bits: number; signed: boolean };
const DEPTHS: Depth[] = [8, 10, 12, 16].flatMap((bits) => [false, true].map((signed) => ({ bits, signed })));
const allocated = (bits: number): 8 | 16 => (bits > 8 ? 16 : 8);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function readFixture(fixture: FilmFixture, syntax: string = SYNTAX.explicit) {
  return readFilm(writeDicom(filmElements({ rows: ROWS, columns: COLUMNS, ...fixture }), syntax));
}

function film(result: Awaited<ReturnType<typeof readFilm>>): Film {
  if (!result.ok) throw new Error(`refused: ${result.code}`);
  return result;
}

function depthFixture({ bits, signed }: Depth): FilmFixture & { values: number[]; bytes: Uint8Array } {
  const values = testPixels(ROWS, COLUMNS, bits, signed);
  const bytes = toBytes(values, allocated(bits));
  return { bitsAllocated: allocated(bits), bitsStored: bits, signed, values, bytes };
}

describe.each(DEPTHS)('stored values of $bits bits, signed $signed', (depth) => {
  const { values, bytes, ...format } = depthFixture(depth);
  const image = { rows: ROWS, columns: COLUMNS, bits: depth.bits, values };
  const expectExact = async (pixelData: FilmFixture['pixelData'], syntax: string, pixelVr?: string) => {
    const read = film(await readFixture({ ...format, pixelData, pixelVr }, syntax));
    expect(read.pixelSha256).toBe(sha256(bytes));
    expect(read.transferSyntax).toBe(syntax);
  };

  it('are read exactly from implicit little endian', () => expectExact(bytes, SYNTAX.implicit));
  it('are read exactly from explicit little endian', () => expectExact(bytes, SYNTAX.explicit));
  it('are read exactly from deflated explicit little endian', () => expectExact(bytes, SYNTAX.deflated));

  it('are read exactly from explicit big endian words', () => {
    const swapped = depth.bits > 8 ? toBytes(values, 16, true) : Buffer.from(bytes).swap16();
    return expectExact(swapped, SYNTAX.bigEndian, 'OW');
  });

  it('are read exactly from RLE', () => {
    const frame = encodeRle(bytes, depth.bits > 8 ? 2 : 1, COLUMNS);
    return expectExact({ fragments: [frame] }, SYNTAX.rle, 'OB');
  });

  it('are read exactly from JPEG lossless with each predictor', async () => {
    const unsigned = values.map((value) => value & (2 ** depth.bits - 1));
    for (const predictor of [1, 2, 3, 4, 5, 6, 7]) {
      const stream = encodeJpegLossless({ ...image, values: unsigned, predictor });
      await expectExact({ fragments: [stream] }, SYNTAX.jpegLossless, 'OB');
    }
  });

  it('are read exactly from JPEG-LS', async () => {
    const unsigned = values.map((value) => value & (2 ** depth.bits - 1));
    const stream = await encodeJpegLs({ ...image, bytes: toBytes(unsigned, allocated(depth.bits)) });
    await expectExact({ fragments: [stream] }, SYNTAX.jpegLs, 'OB');
  });

  it('are read exactly from JPEG 2000, or refused where its decoder would clamp them', async () => {
    const stream = await encodeJpeg2000({ ...image, signed: depth.signed, bytes });
    if (!depth.signed || depth.bits > 8)
      return expectExact({ fragments: [stream] }, SYNTAX.jpeg2000Lossless, 'OB');
    const result = await readFixture(
      { ...format, pixelData: { fragments: [stream] }, pixelVr: 'OB' },
      SYNTAX.jpeg2000Lossless,
    );
    expect(result).toMatchObject({ ok: false, code: 'UNSUPPORTED_BIT_DEPTH', stage: 'decode' });
  });
});

describe.each(DEPTHS)(
  'stored values of $bits bits, signed $signed, in high-throughput JPEG 2000',
  (depth) => {
    const { values: _, bytes, ...format } = depthFixture(depth);

    it.each([SYNTAX.htj2kLossless, SYNTAX.htj2kLosslessRpcl, SYNTAX.htj2k])(
      'are read exactly, or refused where the decoder would clamp them: %s',
      async (syntax) => {
        const image = { rows: ROWS, columns: COLUMNS, bits: depth.bits, signed: depth.signed, bytes };
        const pixelData = { fragments: [await encodeHtj2k(image)] };
        const result = await readFixture({ ...format, pixelData, pixelVr: 'OB' }, syntax);
        if (!depth.signed || depth.bits > 8) expect(film(result).pixelSha256).toBe(sha256(bytes));
        else expect(result).toMatchObject({ code: 'UNSUPPORTED_BIT_DEPTH', stage: 'decode' });
      },
    );
  },
);

/** Its last tile-part says that it ends with the stream (Psot 0, ISO 15444-1 A.4.2). */
function withOpenTilePart(stream: Uint8Array): Uint8Array {
  const open = Buffer.from(stream);
  open.writeUInt32BE(0, open.indexOf(Buffer.of(0xff, 0x90)) + 6);
  return open;
}

describe('compressed films', () => {
  const { values, bytes, ...format } = depthFixture({ bits: 12, signed: false });
  const image = { rows: ROWS, columns: COLUMNS, bits: 12, values, bytes };
  const encapsulated = (...fragments: Uint8Array[]): FilmFixture => ({
    ...format,
    pixelData: { fragments },
    pixelVr: 'OB',
  });

  it('are read from JPEG Baseline to within one gray level of another decoder', async () => {
    const eight = depthFixture({ bits: 8, signed: false });
    const raw = { raw: { width: COLUMNS, height: ROWS, channels: 1 as const } };
    const stream = await sharp(eight.bytes, raw).toColourspace('b-w').jpeg({ quality: 90 }).toBuffer();
    const reference = await sharp(stream).toColourspace('b-w').raw().toBuffer();
    const window = [0x00281050, 0x00281051].map((tag, i) => [
      tag,
      { tag, vr: 'DS', value: ['128', '256'][i]! },
    ]);
    const read = film(
      await readFixture(
        {
          bitsAllocated: 8,
          bitsStored: 8,
          pixelData: { fragments: [stream] },
          change: Object.fromEntries(window),
        },
        SYNTAX.jpeg,
      ),
    );
    const worst = Math.max(...read.pixels.map((value, i) => Math.abs(value - reference[i]!)));
    expect(worst).toBeLessThanOrEqual(1.001);
  });

  it('are read from JPEG whatever the sampling factors of its one component, and from 8 bits of the extended process', async () => {
    const eight = depthFixture({ bits: 8, signed: false });
    const raw = { raw: { width: COLUMNS, height: ROWS, channels: 1 as const } };
    const stream = await sharp(eight.bytes, raw).toColourspace('b-w').jpeg({ quality: 90 }).toBuffer();
    const frame = stream.indexOf(Buffer.from([0xff, 0xc0]));
    const hashOf = async (bytes: Uint8Array, syntax: string) => {
      const pixelData = { fragments: [bytes] };
      return film(await readFixture({ bitsAllocated: 8, bitsStored: 8, pixelData, pixelVr: 'OB' }, syntax))
        .pixelSha256;
    };
    const expected = await hashOf(stream, SYNTAX.jpeg);
    for (const factors of [0x21, 0x12, 0x22, 0x41]) {
      const odd = Buffer.from(stream);
      odd[frame + 11] = factors;
      expect(await hashOf(odd, SYNTAX.jpeg)).toBe(expected);
    }
    const extended = Buffer.from(stream);
    extended[frame + 1] = 0xc1;
    expect(await hashOf(extended, SYNTAX.jpegExtended)).toBe(expected);
  });

  it('are read from near-lossless JPEG-LS within its stated error', async () => {
    const stream = await encodeJpegLs(image, 3);
    const exact = film(await readFixture({ ...format, pixelData: bytes }));
    const near = film(await readFixture(encapsulated(stream), SYNTAX.jpegLsNearLossless));
    expect(near.pixelSha256).not.toBe(exact.pixelSha256);
    const worst = Math.max(...near.pixels.map((value, i) => Math.abs(value - exact.pixels[i]!)));
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('are joined from several fragments', async () => {
    const stream = await encodeJpeg2000(image);
    const half = Math.floor(stream.length / 4) * 2;
    const read = film(
      await readFixture(encapsulated(stream.slice(0, half), stream.slice(half)), SYNTAX.jpeg2000),
    );
    expect(read.pixelSha256).toBe(sha256(bytes));
  });

  const streams = {
    jpegLossless: () => encodeJpegLossless(image),
    jpegLs: () => encodeJpegLs(image),
    jpeg2000: () => encodeJpeg2000(image),
    htj2k: () => encodeHtj2k(image),
    rle: () => encodeRle(bytes, 2, COLUMNS),
  };
  it.each(Object.keys(streams) as (keyof typeof streams)[])(
    'are refused when a %s stream is cut anywhere',
    async (name) => {
      const stream = await streams[name]();
      for (const share of [0.02, 0.3, 0.6, 0.9, 0.98]) {
        const cut = stream.slice(0, Math.floor(stream.length * share));
        const result = await readFixture(encapsulated(cut), SYNTAX[name]);
        expect(result, `cut at ${share}`).toMatchObject({
          ok: false,
          code: 'DECODE_FAILED',
          stage: 'decode',
        });
      }
    },
  );

  it.each(['jpegLossless', 'jpegLs', 'jpeg2000', 'htj2k'] as const)(
    'are refused when a %s stream is cut and closed again',
    async (name) => {
      const stream = await streams[name]();
      const cut = Uint8Array.from([...stream.slice(0, Math.floor(stream.length / 2)), 0xff, 0xd9]);
      const result = await readFixture(encapsulated(cut), SYNTAX[name]);
      expect(result).toMatchObject({ ok: false, code: 'DECODE_FAILED', stage: 'decode' });
    },
  );

  it('are read again after a damaged one', async () => {
    const stream = await encodeJpegLs(image);
    expect(
      (
        await readFixture(
          encapsulated(stream.map((byte, i) => (i > 300 ? byte ^ 0x5a : byte))),
          SYNTAX.jpegLs,
        )
      ).ok,
    ).toBe(false);
    expect(film(await readFixture(encapsulated(stream), SYNTAX.jpegLs)).pixelSha256).toBe(sha256(bytes));
  });

  it('are refused when the stream has another size than the tags', async () => {
    const stream = await encodeJpeg2000({
      ...image,
      rows: ROWS - 2,
      bytes: bytes.slice(0, (ROWS - 2) * COLUMNS * 2),
    });
    const result = await readFixture(encapsulated(stream), SYNTAX.jpeg2000);
    expect(result).toMatchObject({ code: 'PIXEL_HEADER_MISMATCH' });
  });

  it('are refused when a JPEG 2000 stream is signed and the tags are not', async () => {
    const signed = depthFixture({ bits: 12, signed: true });
    const stream = await encodeJpeg2000({ ...image, signed: true, bytes: signed.bytes });
    expect(await readFixture(encapsulated(stream), SYNTAX.jpeg2000)).toMatchObject({
      code: 'PIXEL_HEADER_MISMATCH',
    });
  });

  it('are taken for bit patterns when the tags are signed and a JPEG 2000 stream of the same width is not', async () => {
    const signed = depthFixture({ bits: 12, signed: true });
    const patterns = toBytes(
      signed.values.map((value) => value & 0xfff),
      16,
    );
    const stream = await encodeJpeg2000({ ...image, bytes: patterns });
    const tags = { ...encapsulated(stream), signed: true };
    expect(film(await readFixture(tags, SYNTAX.jpeg2000)).pixelSha256).toBe(sha256(signed.bytes));
    const narrower = await readFixture({ ...tags, bitsStored: 11 }, SYNTAX.jpeg2000);
    expect(narrower).toMatchObject({ code: 'PIXEL_HEADER_MISMATCH' });
  });

  it('are read from a signed JPEG 2000 stream that is wider than the tags, if its values are not', async () => {
    const signed = depthFixture({ bits: 12, signed: true });
    const stream = await encodeJpeg2000({ ...image, bits: 16, signed: true, bytes: signed.bytes });
    const tags = { ...encapsulated(stream), signed: true };
    expect(film(await readFixture(tags, SYNTAX.jpeg2000)).pixelSha256).toBe(sha256(signed.bytes));
    const narrower = await readFixture({ ...tags, bitsStored: 11 }, SYNTAX.jpeg2000);
    expect(narrower).toMatchObject({ code: 'PIXEL_HEADER_MISMATCH' });
  });

  it('are read when zeros follow the pixels, or a stream ends with a fill byte', async () => {
    const padded = film(
      await readFixture({ ...format, pixelData: Buffer.concat([bytes, Buffer.alloc(64)]) }),
    );
    expect(padded.pixelSha256).toBe(sha256(bytes));
    const stream = Buffer.concat([await encodeJpeg2000(image), Buffer.from([0xff])]);
    const read = film(await readFixture(encapsulated(stream), SYNTAX.jpeg2000));
    expect(read.pixelSha256).toBe(sha256(bytes));
  });

  it.each([0x00, 0x20, 0x2a, 0xff])('are read whatever byte makes a stream even: %i', async (filler) => {
    const evened = (stream: Uint8Array) => Buffer.concat([Buffer.from(stream), Buffer.of(filler)]);
    const streams: [Uint8Array, string][] = [
      [encodeJpegLossless(image), SYNTAX.jpegLossless],
      [await encodeJpegLs(image), SYNTAX.jpegLs],
      [await encodeJpeg2000(image), SYNTAX.jpeg2000],
      [await encodeHtj2k(image), SYNTAX.htj2k],
      [withOpenTilePart(await encodeJpeg2000(image)), SYNTAX.jpeg2000],
    ];
    for (const [stream, syntax] of streams) {
      const read = film(await readFixture(encapsulated(evened(stream)), syntax));
      expect(read.pixelSha256).toBe(sha256(bytes));
    }
  });

  it('are refused when more than padding follows the stream', async () => {
    const stream = Buffer.concat([encodeJpegLossless(image), Buffer.from('ab')]);
    expect(await readFixture(encapsulated(stream), SYNTAX.jpegLossless)).toMatchObject({
      code: 'DECODE_FAILED',
    });
  });

  it('are read when zeros follow the last element, of whatever number', async () => {
    for (const syntax of [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian])
      for (const count of [1, 2, 7, 8, 512]) {
        const swapped = syntax === SYNTAX.bigEndian ? Buffer.from(bytes).swap16() : bytes;
        const elements = filmElements({ rows: ROWS, columns: COLUMNS, ...format, pixelData: swapped });
        const whole = Buffer.concat([writeDicom(elements, syntax), Buffer.alloc(count)]);
        expect(film(await readFilm(whole)).pixelSha256).toBe(sha256(bytes));
      }
  });

  it('are read when they say that they have no frames, and refused where they have two', async () => {
    const change = { 2621448: { tag: 0x00280008, vr: 'IS', value: '0' } };
    const stream = encodeJpegLossless(image);
    const one = await readFixture({ ...encapsulated(stream), change }, SYNTAX.jpegLossless);
    expect(film(one).pixelSha256).toBe(sha256(bytes));
    const native = await readFixture({ ...format, pixelData: Buffer.concat([bytes, bytes]), change });
    expect(native).toMatchObject({ code: 'BAD_PIXEL_LENGTH' });
  });

  it('are read when the stream is deeper than the tags but its values are not', async () => {
    const stream = encodeJpegLossless({ ...image, bits: 16 });
    expect(film(await readFixture(encapsulated(stream), SYNTAX.jpegLossless)).pixelSha256).toBe(
      sha256(bytes),
    );
  });

  it('are refused when values pass Bits Stored, by one bit', async () => {
    const stream = encodeJpegLossless({ ...image, bits: 16, values: [4096, ...values.slice(1)] });
    const result = await readFixture(encapsulated(stream), SYNTAX.jpegLossless);
    expect(result).toMatchObject({ code: 'PIXEL_HEADER_MISMATCH' });
  });

  it('are refused when a signed stream has another width than Bits Stored', async () => {
    const stream = encodeJpegLossless({ ...image, bits: 16 });
    const result = await readFixture({ ...encapsulated(stream), signed: true }, SYNTAX.jpegLossless);
    expect(result).toMatchObject({ code: 'PIXEL_HEADER_MISMATCH' });
  });

  it('are read from JPEG lossless with a point transform', async () => {
    const even = values.map((value) => value & ~1);
    const stream = encodeJpegLossless({
      ...image,
      bits: 12,
      values: even.map((value) => value >> 1),
      pointTransform: 1,
    });
    const read = film(await readFixture(encapsulated(stream), SYNTAX.jpegLossless));
    expect(read.pixelSha256).toBe(sha256(toBytes(even, 16)));
  });

  it('are read from JPEG lossless with restart markers', async () => {
    const stream = encodeJpegLossless({ ...image, predictor: 4, restartRows: 50 });
    const read = film(await readFixture(encapsulated(stream), SYNTAX.jpegLossless));
    expect(read.pixelSha256).toBe(sha256(bytes));
  });

  it('are refused in a private syntax', async () => {
    const result = await readFixture(encapsulated(Buffer.from([0xff, 0xd8])), '1.2.3.4');
    expect(result).toMatchObject({ ok: false, code: 'UNSUPPORTED_TRANSFER_SYNTAX', stage: 'decode' });
  });

  it('are read from a JP2 file in place of a codestream', async () => {
    const box = (name: string, body: Uint8Array) => {
      const header = Buffer.alloc(8);
      header.writeUInt32BE(8 + body.length);
      header.write(name, 4, 'latin1');
      return Buffer.concat([header, body]);
    };
    const signature = box('jP  ', Buffer.from([13, 10, 0x87, 10]));
    const jp2 = [signature, box('ftyp', Buffer.from('jp2 ')), box('jp2c', await encodeJpeg2000(image))];
    const read = film(await readFixture(encapsulated(Buffer.concat(jp2)), SYNTAX.jpeg2000Lossless));
    expect(read.pixelSha256).toBe(sha256(bytes));
  });

  it('are refused when a syntax holds the stream of another', async () => {
    const result = await readFixture(encapsulated(encodeJpegLossless(image)), SYNTAX.jpegLs);
    expect(result).toMatchObject({ code: 'UNSUPPORTED_TRANSFER_SYNTAX' });
  });

  it('are refused in colour, even where the tags say gray', async () => {
    const stream = await sharp({ create: { width: COLUMNS, height: ROWS, channels: 3, background: '#808' } })
      .jpeg()
      .toBuffer();
    const result = await readFixture(
      { bitsAllocated: 8, bitsStored: 8, pixelData: { fragments: [stream] } },
      SYNTAX.jpeg,
    );
    expect(result).toMatchObject({ code: 'COLOUR_NOT_SUPPORTED' });
  });
});

describe('films that are not used', () => {
  const word = (tag: number, value: number) => ({ [tag]: { tag, vr: 'US', value } });
  const text = (tag: number, vr: string, value: string) => ({ [tag]: { tag, vr, value } });
  const cases: [string, FilmFixture, string, string][] = [
    ['without SOP Instance UID', { change: { 524312: null } }, 'MISSING_UID', 'parse'],
    ['without Study Instance UID', { change: { 2097165: null } }, 'MISSING_UID', 'parse'],
    ['with a UID that is none', { change: text(0x0020000d, 'UI', 'study-7') }, 'MISSING_UID', 'parse'],
    ['of another modality', { change: text(0x00080060, 'CS', 'CT') }, 'MODALITY_NOT_ACCEPTED', 'select'],
    [
      'of a secondary capture, unless asked for',
      { change: text(0x00080060, 'CS', 'SC') },
      'MODALITY_NOT_ACCEPTED',
      'select',
    ],
    ['without modality', { change: { 524384: null } }, 'MODALITY_NOT_ACCEPTED', 'select'],
    ['with two frames', { change: text(0x00280008, 'IS', '2') }, 'MULTI_FRAME', 'select'],
    [
      'with raw data of the detector',
      { change: text(0x00080068, 'CS', 'FOR PROCESSING') },
      'FOR_PROCESSING',
      'select',
    ],
    [
      'of the class for raw data of a detector',
      { change: text(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.1.1') },
      'FOR_PROCESSING',
      'select',
    ],
    ['with half a frame', { change: text(0x00280008, 'IS', '0.5') }, 'MALFORMED', 'select'],
    ['without pixel data', { pixelData: null }, 'NO_PIXEL_DATA', 'select'],
    ['with empty pixel data', { pixelData: new Uint8Array() }, 'NO_PIXEL_DATA', 'select'],
    ['with 127 rows', { rows: 127 }, 'TOO_SMALL', 'select'],
    ['with 127 columns', { columns: 127 }, 'TOO_SMALL', 'select'],
    ['over 64 megapixels', { rows: 8193, columns: 8192, pixelData: Buffer.alloc(2) }, 'TOO_LARGE', 'select'],
    ['without rows', { change: { 2621456: null } }, 'MALFORMED', 'select'],
    ['in RGB', { photometric: 'RGB' }, 'COLOUR_NOT_SUPPORTED', 'select'],
    ['with three samples a pixel', { change: word(0x00280002, 3) }, 'COLOUR_NOT_SUPPORTED', 'select'],
    ['with a palette that is not there', { photometric: 'PALETTE COLOR' }, 'PALETTE_NOT_SUPPORTED', 'decode'],
    [
      'in signed RGB',
      { photometric: 'RGB', signed: true, change: word(0x00280002, 3) },
      'UNSUPPORTED_BIT_DEPTH',
      'select',
    ],
    ['with an unknown photometric', { photometric: 'HSV' }, 'UNSUPPORTED_PHOTOMETRIC', 'select'],
    ['with 32 bits allocated', { change: word(0x00280100, 32) }, 'UNSUPPORTED_BIT_DEPTH', 'select'],
    ['with 7 bits stored', { bitsStored: 7 }, 'UNSUPPORTED_BIT_DEPTH', 'select'],
    ['with 17 of 16 bits stored', { bitsStored: 17 }, 'UNSUPPORTED_BIT_DEPTH', 'select'],
    ['with values in high bits', { change: word(0x00280102, 15) }, 'UNSUPPORTED_BIT_DEPTH', 'select'],
    [
      'with too few pixels, by two bytes',
      { pixelData: new Uint8Array(ROWS * COLUMNS * 2 - 2) },
      'BAD_PIXEL_LENGTH',
      'decode',
    ],
    [
      'with too many pixels, by two bytes',
      { pixelData: new Uint8Array(ROWS * COLUMNS * 2 + 2).fill(1) },
      'BAD_PIXEL_LENGTH',
      'decode',
    ],
    ['with one gray only', {}, 'NO_CONTRAST', 'decode'],
  ];
  it.each(cases)('are refused %s', async (_name, fixture, code, stage) => {
    expect(await readFixture(fixture)).toMatchObject({ ok: false, code, stage });
  });

  it('are read at exactly 128 pixels and with padding of an odd size', async () => {
    const values = testPixels(129, 129, 8);
    const odd = film(
      await readFixture({
        rows: 129,
        columns: 129,
        bitsAllocated: 8,
        bitsStored: 8,
        pixelData: toBytes(values, 8),
      }),
    );
    expect(odd.pixelSha256).toBe(sha256(toBytes(values, 8)));
    const smallest = toBytes(testPixels(128, 128, 12), 16);
    expect((await readFixture({ rows: 128, columns: 128, pixelData: smallest })).ok).toBe(true);
  });

  it('are read as secondary captures when asked for', async () => {
    const elements = filmElements({
      pixelData: toBytes(testPixels(130, 140, 12), 16),
      change: text(0x00080060, 'CS', 'SC'),
    });
    expect((await readFilm(writeDicom(elements), { modalities: ['SC'] })).ok).toBe(true);
  });
});

describe('what a film says about itself', () => {
  it('is passed on', async () => {
    const read = film(await readFixture({ pixelData: toBytes(testPixels(ROWS, COLUMNS, 12), 16) }));
    expect(read).toMatchObject({
      patientId: 'ZZCANARY-1',
      accessionNumber: 'ZZCANARY0001',
      modality: 'CR',
      view: 'AP',
      region: 'spine',
      rows: ROWS,
      columns: COLUMNS,
      transferSyntax: SYNTAX.explicit,
    });
    expect(read.sopInstanceUid).toMatch(/^2\.25\.\d+$/);
  });

  it('may lack what is not needed', async () => {
    const change = { 1048608: null, 524368: null, 1593601: null, 1572885: null };
    const read = film(await readFixture({ pixelData: toBytes(testPixels(ROWS, COLUMNS, 12), 16), change }));
    expect(read).toMatchObject({
      patientId: null,
      accessionNumber: null,
      view: 'unknown',
      region: 'unknown',
    });
  });

  it('does not include overlays hidden above Bits Stored', async () => {
    const values = testPixels(ROWS, COLUMNS, 12);
    const overlaid = values.map((value, i) => value | (i % 3 === 0 ? 0x8000 : 0));
    const plain = film(await readFixture({ pixelData: toBytes(values, 16) }));
    const read = film(await readFixture({ pixelData: toBytes(overlaid, 16) }));
    expect(read.pixelSha256).toBe(plain.pixelSha256);
  });
});
