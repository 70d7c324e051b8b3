import { describe, expect, it } from 'vitest';
import { filmElements, SYNTAX, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { readFilm } from '../read-film.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

const ROWS = 130;
const COLUMNS = 140;
const values = testPixels(ROWS, COLUMNS, 12);
const pixelData = toBytes(values, 16);

const decimal = (tag: number, value: string): WriteElement => ({ tag, vr: 'DS', value });
const windowOf = (centre: string, width: string) => [decimal(0x00281050, centre), decimal(0x00281051, width)];
const rescaleOf = (slope: string, intercept: string) => [
  decimal(0x00281052, intercept),
  decimal(0x00281053, slope),
];
const functionOf = (name: string): WriteElement => ({ tag: 0x00281056, vr: 'CS', value: name });
const sequenceOf = (
  tag: number,
  descriptor: number[],
  entries: WriteElement['value'],
  vr = 'US',
): WriteElement => ({
  tag,
  vr: 'SQ',
  value: {
    items: [
      [
        { tag: 0x00283002, vr, value: descriptor },
        { tag: 0x00283006, vr: 'OW', value: entries },
      ],
    ],
  },
});
const MODALITY = 0x00283000;
const VOI = 0x00283010;

async function read(more: WriteElement[], fixture = {}, syntax: string = SYNTAX.explicit) {
  return readFilm(writeDicom([...filmElements({ pixelData, ...fixture }), ...more], syntax));
}

async function expectShown(
  more: WriteElement[],
  show: (stored: number) => number,
  fixture = {},
  syntax?: string,
) {
  const film = await read(more, fixture, syntax);
  if (!film.ok) throw new Error(film.code);
  const worst = Math.max(...film.pixels.map((shown, i) => Math.abs(shown - 255 * show(values[i]!))));
  expect(worst).toBeLessThan(0.5 + 1e-9); // rounded to a byte
}

const clamp = (x: number) => Math.min(Math.max(x, 0), 1);

describe('a film is shown', () => {
  it('through its window', () =>
    expectShown(windowOf('2048', '4096'), (x) => clamp((x - 2047.5) / 4095 + 0.5)));

  it('through the first of several windows', () =>
    expectShown(windowOf('1000\\3000', '501\\90'), (x) => clamp((x - 999.5) / 500 + 0.5)));

  it('through an exact window', () =>
    expectShown([...windowOf('1000', '500'), functionOf('LINEAR_EXACT')], (x) =>
      clamp((x - 1000) / 500 + 0.5),
    ));

  it('through a sigmoid', () =>
    expectShown(
      [...windowOf('1000', '500'), functionOf('SIGMOID')],
      (x) => 1 / (1 + Math.exp((-4 * (x - 1000)) / 500)),
    ));

  it('rescaled before its window', () =>
    expectShown([...rescaleOf('2', '-1024'), ...windowOf('1000', '4001')], (x) =>
      clamp((2 * x - 1024 - 999.5) / 4000 + 0.5),
    ));

  it('inverted when it is MONOCHROME1', () =>
    expectShown(windowOf('2048', '4096'), (x) => 1 - clamp((x - 2047.5) / 4095 + 0.5), {
      photometric: 'MONOCHROME1',
    }));

  it('inverted when its presentation is inverse, and once only when it is MONOCHROME1 besides', async () => {
    const inverse: WriteElement = { tag: 0x20500020, vr: 'CS', value: 'INVERSE' };
    for (const photometric of ['MONOCHROME1', 'MONOCHROME2'])
      await expectShown([...windowOf('2048', '4096'), inverse], (x) => 1 - clamp((x - 2047.5) / 4095 + 0.5), {
        photometric,
      });
  });

  it('with black padding, whatever its value and the photometric interpretation', async () => {
    const padded = values.map((value, i) => (i % 7 ? value >> 1 : 4000));
    const range = [
      { tag: 0x00280120, vr: 'US', value: 4095 },
      { tag: 0x00280121, vr: 'US', value: 3999 },
    ];
    for (const photometric of ['MONOCHROME1', 'MONOCHROME2']) {
      const more = [...windowOf('1000', '3000'), ...range];
      const film = await read(more, { photometric, pixelData: toBytes(padded, 16) });
      if (!film.ok) throw new Error(film.code);
      expect(film.pixels.filter((_, i) => i % 7 === 0).every((shown) => shown === 0)).toBe(true);
      expect(Math.max(...film.pixels)).toBeGreaterThan(100);
    }
  });

  it('inverted by a negative slope', () =>
    expectShown([...rescaleOf('-1', '4095'), ...windowOf('2048', '4096')], (x) =>
      clamp((4095 - x - 2047.5) / 4095 + 0.5),
    ));

  it('between its 0.5th and 99.5th percentiles when it has no window', () => {
    const sorted = [...values].sort((a, b) => a - b);
    const low = sorted[Math.ceil(0.005 * sorted.length) - 1]!;
    const high = sorted[Math.ceil(0.995 * sorted.length) - 1]!;
    return expectShown([], (x) => clamp((x - low) / (high - low)));
  });

  it('between percentiles that leave out its padding', async () => {
    const padded = values.map((value, i) => (i % 2 ? 0 : 1000 + (value >> 3)));
    const film = await read([{ tag: 0x00280120, vr: 'US', value: 0 }], { pixelData: toBytes(padded, 16) });
    if (!film.ok) throw new Error(film.code);
    const anatomy = film.pixels.filter((_, i) => i % 2 === 0);
    expect(Math.min(...anatomy)).toBe(0);
    expect(Math.max(...anatomy)).toBe(255);
  });

  it('through a VOI lookup table, which goes before a window', () => {
    const entries = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1024);
    const show = (x: number) => entries[Math.min(Math.max(x - 500, 0), 999)]! / 1023;
    return expectShown([sequenceOf(VOI, [1000, 500, 10], entries), ...windowOf('1', '2')], show);
  });

  it('through a modality lookup table of 65,536 entries, in implicit little endian too', async () => {
    const entries = Uint8Array.from({ length: 131_072 }, (_, i) => (i % 2 ? 0 : (i >> 1) % 199));
    const show = (x: number) => clamp(((x % 199) - 99.5) / 199 + 0.5);
    const more = [sequenceOf(MODALITY, [0, 0, 16], entries), ...windowOf('100', '200')];
    await expectShown(more, show);
    await expectShown(more, show, {}, SYNTAX.implicit);
  });

  it('through a lookup table whose first input is negative', () => {
    const entries = Array.from({ length: 4096 }, (_, i) => 4095 - i);
    const more = [...rescaleOf('1', '-1000'), sequenceOf(VOI, [4096, -1000, 12], entries, 'SS')];
    return expectShown(more, (x) => (4095 - x) / 4095);
  });

  it('through a lookup table of packed bytes', () => {
    const entries = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    return expectShown([sequenceOf(VOI, [256, 0, 8], entries)], (x) => (255 - Math.min(x, 255)) / 255);
  });
});

describe('a window that can not be applied', () => {
  it.each([
    ['0 and 0', windowOf('0', '0')],
    ['no width', windowOf('100', '0')],
    ['a width below 1', windowOf('100', '0.99')],
    ['a width below 1 of a small slope', [...windowOf('.1', '.2'), ...rescaleOf('.0001', '0')]],
    ['a negative width', [...windowOf('100', '-5'), functionOf('LINEAR_EXACT')]],
    ['a centre without width', [decimal(0x00281050, '100')]],
    ['a width that is no number', windowOf('100', 'wide')],
    ['NaN', windowOf('NaN', 'NaN')],
    ['a comma', windowOf('2048,5', '4096,0')],
    ['an unknown function', [...windowOf('100', '200'), functionOf('GAMMA')]],
  ])('is as none: %s', async (_name, more) => {
    const [shown, plain] = [await read(more), await read([])];
    expect(shown).toMatchObject({ ok: true });
    expect(shown.ok && plain.ok && Buffer.from(shown.pixels).equals(plain.pixels)).toBe(true);
  });
});

describe('a film is refused', () => {
  it.each([
    ['a slope of zero', rescaleOf('0', '1'), 'BAD_WINDOW'],
    ['an intercept that is no number', rescaleOf('1', 'x'), 'BAD_WINDOW'],
    ['a window that shows nothing', windowOf('90000', '10'), 'NO_CONTRAST'],
    ['too few entries', [sequenceOf(VOI, [1000, 0, 12], [1, 2, 3])], 'BAD_LOOKUP_TABLE'],
    ['entries above their bits', [sequenceOf(VOI, [3, 0, 8], [1, 256, 3])], 'BAD_LOOKUP_TABLE'],
    ['entries of 17 bits', [sequenceOf(MODALITY, [3, 0, 17], [1, 2, 3])], 'BAD_LOOKUP_TABLE'],
    [
      'a table that only other readers see',
      [{ tag: VOI, vr: 'UN', value: Buffer.alloc(8) }],
      'BAD_LOOKUP_TABLE',
    ],
    ['a descriptor of two values', [sequenceOf(MODALITY, [3, 0], [1, 2, 3])], 'BAD_LOOKUP_TABLE'],
  ])('for %s', async (_name, more, code) => {
    expect(await read(more)).toMatchObject({ ok: false, code, stage: 'decode' });
  });

  it('not for a width of exactly 1, nor for an exact one below it', async () => {
    expect((await read(windowOf('100', '1'))).ok).toBe(true);
    expect((await read([...windowOf('100', '0.99'), functionOf('LINEAR_EXACT')])).ok).toBe(true);
  });
});
