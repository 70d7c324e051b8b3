import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { filmElements, SYNTAX, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { DATA_BYTES_MAX } from '../limits.ts';
import { readFilm } from '../read-film.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

const pixelData = toBytes(testPixels(130, 140, 12), 16);
const PRIVATE_SEQUENCE = 0x00090010;

function nest(levels: number, undefinedLength: boolean): WriteElement {
  const item = levels > 1 ? [nest(levels - 1, undefinedLength)] : [];
  return { tag: PRIVATE_SEQUENCE, vr: 'SQ', value: { items: [item], undefinedLength } };
}

/** Nesting that no recursive writer could write: `levels` sequences of undefined length, all closed. */
function nestDeep(levels: number): Buffer {
  const open = Buffer.from('09001000 5351 0000 ffffffff feff00e0 ffffffff'.replaceAll(' ', ''), 'hex');
  const close = Buffer.from('feff0de0 00000000 feffdde0 00000000'.replaceAll(' ', ''), 'hex');
  return Buffer.concat([...Array<Buffer>(levels).fill(open), ...Array<Buffer>(levels).fill(close)]);
}

const filmWith = (...more: WriteElement[]) => writeDicom([...filmElements({ pixelData }), ...more]);

describe('a DICOM file', () => {
  it.each([
    ['empty', new Uint8Array()],
    ['a PNG', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(300)])],
    ['cut before the preamble ends', writeDicom(filmElements()).subarray(0, 131)],
  ])('is refused as NOT_DICOM when it is %s', async (_name, bytes) => {
    expect(await readFilm(bytes)).toEqual({ ok: false, code: 'NOT_DICOM', stage: 'parse' });
  });

  it('is refused, and never throws, wherever it is cut', async () => {
    const whole = writeDicom(
      filmElements({ pixelData: { fragments: [Buffer.alloc(64)] }, pixelVr: 'OB' }),
      SYNTAX.rle,
    );
    for (let length = 132; length < whole.length; length += 3) {
      const result = await readFilm(whole.subarray(0, length));
      expect(result.ok, `cut at ${length}`).toBe(false);
    }
  });

  it('is refused as TRUNCATED when it is cut in its pixels', async () => {
    const whole = writeDicom(filmElements({ pixelData }));
    expect(await readFilm(whole.subarray(0, whole.length - 1))).toMatchObject({ code: 'TRUNCATED' });
  });

  it('is a value, never an exception, for random bytes after a valid header', async () => {
    const header = writeDicom(filmElements({ pixelData })).subarray(0, 400);
    for (let seed = 1; seed <= 300; seed++) {
      const noise = Buffer.from(Array.from({ length: 200 }, (_, i) => (seed * (i + 7) * 2654435761) >>> 13));
      const result = await readFilm(Buffer.concat([header, noise]));
      expect(typeof result.ok).toBe('boolean');
    }
  });

  it('is a value, never an exception, for one changed byte anywhere in its tags', async () => {
    const whole = writeDicom(filmElements({ pixelData }));
    const tagsEnd = whole.length - pixelData.length;
    for (let at = 132; at < tagsEnd; at++) {
      const changed = Buffer.from(whole);
      changed[at] = changed[at]! ^ 0xff;
      expect(typeof (await readFilm(changed)).ok).toBe('boolean');
    }
  });

  it('is refused as MALFORMED when a tag occurs twice', async () => {
    expect(await readFilm(filmWith({ tag: 0x00280010, vr: 'US', value: 2000 }))).toMatchObject({
      code: 'MALFORMED',
    });
  });

  it('may hold 64-bit values and sequences of unknown type', async () => {
    const offsets: WriteElement = { tag: 0x7fe00001, vr: 'OV', value: Buffer.alloc(16) };
    const unknown: WriteElement = {
      tag: 0x00091001,
      vr: 'UN',
      value: { items: [[]], undefinedLength: true },
    };
    expect((await readFilm(filmWith(offsets, unknown))).ok).toBe(true);
  });

  it('may lack the group length of its meta information', async () => {
    const whole = filmWith();
    const without = Buffer.concat([whole.subarray(0, 132), whole.subarray(144)]);
    expect((await readFilm(without)).ok).toBe(true);
  });
});

describe('nesting', () => {
  it.each([true, false])('of 64 levels is read (undefined length: %s)', async (undefinedLength) => {
    expect((await readFilm(filmWith(nest(64, undefinedLength)))).ok).toBe(true);
  });

  it('of 65 levels is refused', async () => {
    expect(await readFilm(filmWith(nest(65, true)))).toEqual({
      ok: false,
      code: 'NESTED_TOO_DEEP',
      stage: 'parse',
    });
  });

  it('of 20,000 levels is refused without overflowing the stack', async () => {
    const header = writeDicom([]);
    const result = await readFilm(Buffer.concat([header, nestDeep(20_000)]));
    expect(result).toEqual({ ok: false, code: 'NESTED_TOO_DEEP', stage: 'parse' });
  });
});

describe('items', () => {
  const header = writeDicom(filmElements({ pixelData, change: { 524310: null } }));
  const open = Buffer.from('090010005351 0000 ffffffff'.replaceAll(' ', ''), 'hex');
  const close = Buffer.from('feffdde000000000', 'hex');
  const withItems = (count: number) =>
    Buffer.concat([header, open, Buffer.alloc(8 * count, 'feff00e000000000', 'hex'), close]);

  it('just below 100,000, with the other elements, are read', async () => {
    expect((await readFilm(withItems(99_900))).ok).toBe(true);
  });

  it('of 100,000 are refused', async () => {
    expect(await readFilm(withItems(100_000))).toEqual({ ok: false, code: 'TOO_MANY_ITEMS', stage: 'parse' });
  });
});

describe('a deflated file', () => {
  const header = writeDicom([], SYNTAX.deflated).subarray(0, -deflateRawSync(Buffer.alloc(0)).length);

  it('that inflates to more than a film can hold is refused, and memory stays bounded', async () => {
    const bomb = Buffer.concat([header, deflateRawSync(Buffer.alloc(DATA_BYTES_MAX + 1), { level: 9 })]);
    expect(bomb.length).toBeLessThan(300_000);
    expect(await readFilm(bomb)).toEqual({ ok: false, code: 'TOO_LARGE', stage: 'parse' });
  });

  it('that is cut is refused', async () => {
    const whole = writeDicom(filmElements({ pixelData }), SYNTAX.deflated);
    const result = await readFilm(whole.subarray(0, whole.length - 40));
    expect(result).toMatchObject({ code: 'TRUNCATED' });
  });

  it('that is no deflate stream is refused', async () => {
    expect(await readFilm(Buffer.concat([header, Buffer.alloc(50, 0xff)]))).toMatchObject({
      code: 'INFLATE_FAILED',
    });
  });

  it('is read where its compressed bytes look like an element of the meta information', async () => {
    // A stored block starts with 00 (not the last) and the low byte of its length: at 256 bytes, 00 00 is group 0000.
    const whole = writeDicom(filmElements({ pixelData }));
    const dataset = whole.subarray(144 + whole.readUInt32LE(140));
    const first = Buffer.concat([Buffer.from([0, 0, 1, 0xff, 0xfe]), dataset.subarray(0, 256)]);
    const rest = deflateRawSync(dataset.subarray(256), { level: 0 });
    expect((await readFilm(Buffer.concat([header, first, rest]))).ok).toBe(true);
  });
});

it('a file over the size limit is refused before it is read', async () => {
  const huge = new Uint8Array(DATA_BYTES_MAX + 1);
  expect(await readFilm(huge)).toEqual({ ok: false, code: 'TOO_LARGE', stage: 'parse' });
});
