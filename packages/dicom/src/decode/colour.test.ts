import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type FilmFixture, filmElements, SYNTAX, testPixels } from '../fixtures/film-elements.ts';
import { readFilm } from '../read-film.ts';
import { encodeRle } from '../write/encode-rle.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

const ROWS = 130;
const COLUMNS = 140;
const gray = testPixels(ROWS, COLUMNS, 8);
const word = (tag: number, value: number): WriteElement => ({ tag, vr: 'US', value });

/** A film in colour: three samples a pixel, or as many as `samples` says. */
function colourFilm(photometric: string, pixelData: FilmFixture['pixelData'], planar = 0, syntax?: string) {
  const samples = photometric === 'PALETTE COLOR' ? 1 : 3;
  const change = { 2621442: word(0x00280002, samples), 2621446: word(0x00280006, planar) };
  const fixture = { rows: ROWS, columns: COLUMNS, bitsAllocated: 8, bitsStored: 8, photometric, pixelData };
  return writeDicom(filmElements({ ...fixture, pixelVr: 'OB', change }), syntax);
}

const interleaved = (samplesOf: (value: number) => number[]) => Uint8Array.from(gray.flatMap(samplesOf));
const planes = (samplesOf: (value: number) => number[]) =>
  Uint8Array.from([0, 1, 2].flatMap((plane) => gray.map((value) => samplesOf(value)[plane]!)));

async function expectGray(bytes: Buffer, tolerance = 0) {
  const film = await readFilm(bytes);
  if (!film.ok) throw new Error(film.code);
  expect(Math.max(...film.pixels.map((shown, i) => Math.abs(shown - gray[i]!)))).toBeLessThanOrEqual(
    tolerance,
  );
}

const equal = (value: number) => [value, value, value];
const neutral = (value: number) => [value, 128, 128];

describe('a gray film that is stored in colour', () => {
  it('is shown as it is from RGB, interleaved or in planes', async () => {
    await expectGray(colourFilm('RGB', interleaved(equal)));
    await expectGray(colourFilm('RGB', planes(equal), 1));
  });

  it('is shown as it is from YBR_FULL, interleaved or in planes', async () => {
    await expectGray(colourFilm('YBR_FULL', interleaved(neutral)));
    await expectGray(colourFilm('YBR_FULL', planes(neutral), 1));
  });

  it('is shown as it is from YBR_FULL_422', async () => {
    const pairs = gray.flatMap((value, i) => (i % 2 ? [] : [value, gray[i + 1]!, 128, 128]));
    await expectGray(colourFilm('YBR_FULL_422', Uint8Array.from(pairs)));
  });

  it('is shown as it is from RLE', async () => {
    const segment = encodeRle(Uint8Array.from(gray), 1, COLUMNS).subarray(64);
    const header = Buffer.alloc(64);
    header.writeUInt32LE(3, 0);
    for (let i = 0; i < 3; i++) header.writeUInt32LE(64 + i * segment.length, 4 + 4 * i);
    const fragments = [Buffer.concat([header, segment, segment, segment])];
    await expectGray(colourFilm('RGB', { fragments }, 1, SYNTAX.rle));
  });

  it('is shown to within three levels from JPEG with subsampled chroma', async () => {
    const raw = { raw: { width: COLUMNS, height: ROWS, channels: 3 as const } };
    const stream = await sharp(interleaved(equal), raw).jpeg({ quality: 98 }).toBuffer();
    await expectGray(colourFilm('YBR_FULL_422', { fragments: [stream] }, 0, SYNTAX.jpeg), 3);
  });

  it('is shown through a gray palette', async () => {
    const entries = Array.from({ length: 256 }, (_, i) => i * 257);
    const tables = [1, 2, 3].flatMap((i): WriteElement[] => [
      { tag: 0x00281100 + i, vr: 'US', value: [256, 0, 16] },
      { tag: 0x00281200 + i, vr: 'OW', value: entries },
    ]);
    const change = Object.fromEntries(tables.map((table) => [table.tag, table]));
    const fixture = { rows: ROWS, columns: COLUMNS, bitsAllocated: 8, bitsStored: 8 };
    const film = { ...fixture, photometric: 'PALETTE COLOR', pixelData: Uint8Array.from(gray) };
    await expectGray(writeDicom(filmElements({ ...film, change })));
    const red = { ...change, 2626050: { tag: 0x00281202, vr: 'OW', value: entries.map((x) => x >> 1) } };
    const coloured = await readFilm(writeDicom(filmElements({ ...film, change: red })));
    expect(coloured).toMatchObject({ code: 'COLOUR_NOT_SUPPORTED', stage: 'decode' });
  });
});

describe('a film in colour is refused', () => {
  it('when one pixel is coloured by five levels, and not by four', async () => {
    const pixels = interleaved(equal);
    const at = 3 * gray.indexOf(100);
    pixels[at] = 104;
    expect((await readFilm(colourFilm('RGB', pixels))).ok).toBe(true);
    pixels[at] = 105;
    expect(await readFilm(colourFilm('RGB', pixels))).toMatchObject({
      code: 'COLOUR_NOT_SUPPORTED',
      facts: { rows: ROWS, columns: COLUMNS },
    });
  });

  it('when its chroma is that of a colour', async () => {
    const film = colourFilm(
      'YBR_FULL',
      interleaved((value) => [value, 90, 200]),
    );
    expect(await readFilm(film)).toMatchObject({ code: 'COLOUR_NOT_SUPPORTED' });
  });
});
