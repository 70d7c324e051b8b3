import { describe, expect, it } from 'vitest';
import { filmElements, SYNTAX, testPixels, toBytes } from '../fixtures/film-elements.ts';
import { type ReadFilmOptions, readFilm } from '../read-film.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

const pixelData = toBytes(testPixels(130, 140, 12), 16);
const BODY_PART = 0x00180015;
const VIEW_POSITION = 0x00185101;
const text = (tag: number, vr: string, value: string): WriteElement => ({ tag, vr, value });
const code = (tag: number, value: string): WriteElement => ({
  tag,
  vr: 'SQ',
  value: { items: [[text(0x00080100, 'SH', value), text(0x00080102, 'SH', 'SCT')]] },
});
const region = (value: string) => code(0x00082218, value);
const view = (value: string) => code(0x00540220, value);

/** A film with these elements alone telling what it shows. */
async function read(
  elements: WriteElement[],
  options: ReadFilmOptions = {},
  syntax: string = SYNTAX.explicit,
) {
  const change = { [BODY_PART]: null, [VIEW_POSITION]: null };
  const told = elements.map((element) => [element.tag, element] as const);
  return readFilm(
    writeDicom(filmElements({ pixelData, change: { ...change, ...Object.fromEntries(told) } }), syntax),
    options,
  );
}

describe('the region that a film shows', () => {
  it.each<[string, WriteElement[], string, string | null]>([
    ['Body Part Examined', [text(BODY_PART, 'CS', 'LSPINE')], 'spine', 'body-part'],
    ['a body part in free words', [text(BODY_PART, 'CS', 'WIRBELSAEULE')], 'spine', 'body-part'],
    ['another body part', [text(BODY_PART, 'CS', 'HAND')], 'other', 'body-part'],
    ['no body part in particular', [text(BODY_PART, 'CS', 'WHOLEBODY')], 'unknown', null],
    ['a code of SNOMED CT', [region('122496007')], 'spine', 'anatomic-region'],
    ['a code of its predecessor', [region('T-11502')], 'spine', 'anatomic-region'],
    ['the code of another region', [region('816094009')], 'other', 'anatomic-region'],
    [
      'a code before a body part',
      [region('421060004'), text(BODY_PART, 'CS', 'CHEST')],
      'spine',
      'anatomic-region',
    ],
    ['a study description', [text(0x00081030, 'LO', 'Rx Columna lumbar')], 'spine', 'description'],
    ['a series description', [text(0x0008103e, 'LO', 'LWS ap')], 'spine', 'description'],
    ['words that only contain such a word', [text(0x0008103e, 'LO', 'COLUMNAR BLWSX')], 'unknown', null],
    ['a text that is too long', [text(BODY_PART, 'CS', 'SPINE'.repeat(60))], 'unknown', null],
    ['nothing', [], 'unknown', null],
  ])('is told by %s', async (_, elements, expected, rule) => {
    const film = await read(elements, { regions: ['spine', 'other', 'unknown'] });
    expect(film).toMatchObject({ ok: true, region: expected, regionRule: rule });
  });
});

describe('the spine', () => {
  it.each([
    ...['LUMBAR', 'COLUMNA_LUMBAR', 'COLUMNA-DORSAL', 'COLUMNALUMBAR', 'LSPINE', 'L_SPINE', 'CSP', 'LWS_AP'],
    ...['LWS2E', 'HWSSEITLICH', 'BWS', 'LENDENWIRBEL', 'RACHIS_LOMBAIRE', 'RACHISLOMB', 'COLONNE', 'COCCIX'],
    ...[
      'RAQUIS',
      'COLONNA_LS',
      'LOMBOSACRALE',
      'LUMBALE_WK',
      'CERVICAL',
      'SCOLIOSIS',
      'T-11503',
      '122496007',
    ],
    ...['COT SONG', 'KREGOSLUP', 'OMURGA', 'LANNERANKA', 'LUMBOSACRAL', 'LS-SPINE', 'TLSPINE'],
  ])('is known by Body Part Examined %s', async (part) => {
    expect(await read([text(BODY_PART, 'CS', part)])).toMatchObject({ ok: true, region: 'spine' });
  });

  it.each(['HAND', 'CHEST', 'PELVIS', 'COLUMNAR', 'BLWSX', 'COLON', 'ABDOMEN', 'SKULL', 'KNIE', 'SWSX'])(
    'is not what %s is',
    async (part) => {
      expect(await read([text(BODY_PART, 'CS', part)])).toMatchObject({ code: 'REGION_NOT_ACCEPTED' });
    },
  );

  it.each<[string, string, string]>([
    ['UTF-8', 'ISO_IR 192', Buffer.from('X-quang cột sống').toString('latin1')],
    ['GB18030', 'GB18030', Buffer.from('d1fcd7b5d5fdb2e0ceb1', 'hex').toString('latin1')],
    ['Latin-1', 'ISO_IR 100', 'Wirbelsäule'],
    ['Cyrillic', 'ISO_IR 144', Buffer.from('bfded7d2dedddedde7ddd8da', 'hex').toString('latin1')],
    ['Korean', '\\ISO 2022 IR 149', Buffer.from('1b242943bfe4c3df', 'hex').toString('latin1')],
  ])('is known by a description in %s', async (_, characters, description) => {
    const elements = [text(0x00080005, 'CS', characters), text(0x00081030, 'LO', description)];
    expect(await read(elements)).toMatchObject({ ok: true, region: 'spine', regionRule: 'description' });
  });
});

describe('a film that lies on its side', () => {
  const upright = testPixels(130, 140, 12);
  const readTurned = async (orientation: string, values: number[], rows: number, columns: number) =>
    readFilm(
      writeDicom(
        filmElements({
          rows,
          columns,
          pixelData: toBytes(values, 16),
          change: { 2097184: text(0x00200020, 'CS', orientation) },
        }),
      ),
    );
  const at = (x: number, y: number) => upright[y * 140 + x]!;
  const fill = (rows: number, columns: number, value: (x: number, y: number) => number) =>
    Array.from({ length: rows * columns }, (_, i) => value(i % columns, Math.floor(i / columns)));
  // As a viewer would see them before anybody turns them; the upright one has columns that run to the feet.
  const lying = {
    left: fill(140, 130, (x, y) => at(139 - y, x)), // turned a quarter to the left: rows run to the feet
    right: fill(140, 130, (x, y) => at(y, 129 - x)),
    over: [...upright].reverse(),
  };

  it.each<[string, number[], number, number]>([
    ['F\\R', lying.left, 140, 130],
    ['FL\\RP', lying.left, 140, 130],
    ['H\\L', lying.right, 140, 130],
    ['R\\H', lying.over, 130, 140],
    ['L\\F', upright, 130, 140],
    ['', upright, 130, 140],
  ])('is turned by its orientation %s', async (orientation, values, rows, columns) => {
    const [film, plain] = [
      await readTurned(orientation, values, rows, columns),
      await readTurned('L\\F', upright, 130, 140),
    ];
    expect(film).toMatchObject({ ok: true, rows: 130, columns: 140 });
    expect(film.ok && plain.ok && Buffer.from(film.pixels).equals(plain.pixels)).toBe(true);
  });

  it('is a lateral one where its other side runs to the front', async () => {
    const orientation = text(0x00200020, 'CS', 'F\\A');
    expect(await read([orientation])).toMatchObject({ view: 'LATERAL', viewRule: 'patient-orientation' });
  });
});

describe('the view of a film', () => {
  it.each<[string, WriteElement[], string, string | null]>([
    ['View Position', [text(VIEW_POSITION, 'CS', 'PA')], 'PA', 'view-position'],
    ['a side in View Position', [text(VIEW_POSITION, 'CS', 'RL')], 'LATERAL', 'view-position'],
    ['an oblique View Position', [text(VIEW_POSITION, 'CS', 'LPO')], 'OBLIQUE', 'view-position'],
    [
      'View Position before a code',
      [text(VIEW_POSITION, 'CS', 'AP'), view('399067008')],
      'AP',
      'view-position',
    ],
    [
      'a code where View Position is no term',
      [text(VIEW_POSITION, 'CS', 'X'), view('399348003')],
      'AP',
      'view-code',
    ],
    ['a code of the predecessor', [view('R-10236')], 'LATERAL', 'view-code'],
    ['a frontal code without a direction', [view('399033003')], 'unknown', null],
    ['the patient’s orientation', [text(0x00200020, 'CS', 'A\\F')], 'LATERAL', 'patient-orientation'],
    ['a frontal orientation', [text(0x00200020, 'CS', 'L\\F')], 'unknown', null],
    ['nothing', [], 'unknown', null],
  ])('is told by %s', async (_, elements, expected, rule) => {
    for (const syntax of [SYNTAX.explicit, SYNTAX.implicit, SYNTAX.bigEndian])
      if (syntax !== SYNTAX.bigEndian || elements.length < 2)
        expect(await read(elements, {}, syntax)).toMatchObject({ view: expected, viewRule: rule });
  });
});

describe('a selection', () => {
  const hand = text(BODY_PART, 'CS', 'HAND');
  const spine = text(BODY_PART, 'CS', 'SPINE');
  const lateral = text(VIEW_POSITION, 'CS', 'LL');
  it.each<[string, WriteElement[], ReadFilmOptions, string | null]>([
    ['refuses other regions by itself', [hand], {}, 'REGION_NOT_ACCEPTED'],
    ['takes them when asked to', [hand], { regions: ['other'] }, null],
    ['takes unknown regions by itself', [], {}, null],
    ['refuses them when asked to', [], { regions: ['spine'] }, 'REGION_UNKNOWN'],
    ['takes all views by itself', [spine, lateral], {}, null],
    ['refuses a view that is not selected', [spine, lateral], { views: ['AP', 'PA'] }, 'VIEW_NOT_ACCEPTED'],
    ['refuses an unknown view when told to', [spine], { views: ['AP', 'PA'] }, 'VIEW_UNKNOWN'],
    ['takes what is as large as asked for', [], { sideMinPx: 130 }, null],
    ['refuses what is smaller', [], { sideMinPx: 131 }, 'TOO_SMALL'],
  ])('%s', async (_, elements, options, expected) => {
    const film = await read(elements, options);
    expect(film.ok ? null : film.code).toBe(expected);
  });

  it('tells which film it refused, and what it took it for', async () => {
    const kept = await read([hand], { regions: ['other'] });
    const refused = await read([hand]);
    expect(kept.ok).toBe(true);
    const { sopInstanceUid, pixelSha256 } = kept.ok ? kept : { sopInstanceUid: '', pixelSha256: '' };
    expect(refused).toMatchObject({
      stage: 'select',
      facts: {
        sopInstanceUid,
        pixelSha256,
        rows: 130,
        columns: 140,
        region: 'other',
        regionRule: 'body-part',
      },
    });
  });
});
