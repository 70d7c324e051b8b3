import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filmElements, SYNTAX } from '../fixtures/film-elements.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';
import { findElement, readText } from './dataset.ts';
import { type Encoding, guardStructure } from './guard-structure.ts';
import { parseGuarded } from './parse-guarded.ts';
import { readPart10 } from './read-part10.ts';
import { TAGS } from './tags.ts';

const EXPLICIT: Encoding = { explicitVr: true, bigEndian: false };
const BIG_ENDIAN: Encoding = { explicitVr: true, bigEndian: true };
const IMPLICIT: Encoding = { explicitVr: false, bigEndian: false };

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ITEM = 'feff00e0 ffffffff';
const ITEM_END = 'feff0de0 00000000';
const END = 'feffdde0 00000000';
const SQ = '10111000 5351 0000 ffffffff';
const SQ_IMPLICIT = '10111000 ffffffff';
const UN = '10111000 554e 0000 ffffffff';
const PIXELS = 'e07f1000 4f42 0000 ffffffff';

const nest = (open: string) => `${open} ${ITEM}`.repeat(20_000);
const nestAndClose = (open: string) => nest(open) + `${ITEM_END} ${END}`.repeat(20_000);

/** Explicit sequences of known length, which can't be written from outside to inside. */
function nestKnown(levels: number): Buffer {
  let body = Buffer.alloc(0);
  for (let i = 0; i < levels; i++) {
    const header = hex('10111000 5351 0000 00000000 feff00e0 00000000');
    header.writeUInt32LE(body.length + 8, 8);
    header.writeUInt32LE(body.length, 16);
    body = Buffer.concat([header, body]);
  }
  return body;
}

describe('refused before dicom-parser sees it', () => {
  const deep: [string, Buffer, Encoding][] = [
    ['20,000 nested sequences', hex(nestAndClose(SQ)), EXPLICIT],
    ['20,000 nested sequences that never end', hex(nest(SQ)), EXPLICIT],
    ['20,000 nested sequences without VR', hex(nestAndClose(SQ_IMPLICIT)), IMPLICIT],
    ['20,000 nested sequences in one of unknown VR', hex(UN + ITEM + nestAndClose(SQ_IMPLICIT)), EXPLICIT],
    ['2,000 nested sequences of known length', nestKnown(2_000), EXPLICIT],
    ['65 nested sequences of known length', nestKnown(65), EXPLICIT],
  ];
  it.each(deep)('%s', (_name, body, encoding) => {
    expect(guardStructure(body, 0, encoding)).toBe('NESTED_TOO_DEEP');
    expect(parseGuarded(body, encoding)).toBe('NESTED_TOO_DEEP');
  });

  it.each([
    ['a value longer than the file', '10001000 4c4f 0400 414243'],
    ['a value of 4 GB', '10001000 4f42 0000 feffffff 4142'],
    ['a header without its length', '10001000 4f42 0000 0000'],
    ['a sequence without its end', `${SQ} ${ITEM} ${ITEM_END}`],
    ['an item without its end', `${SQ} ${ITEM}`],
    ['an item longer than its sequence', '10111000 5351 0000 08000000 feff00e0 08000000 0000000000000000'],
    ['fragments without their end', `${PIXELS} feff00e0 00000000 feff00e0 02000000 4142`],
    ['a fragment longer than the file', `${PIXELS} feff00e0 00000000 feff00e0 00000010 4142`],
  ])('%s, as TRUNCATED', (_name, body) => {
    expect(guardStructure(hex(body), 0, EXPLICIT)).toBe('TRUNCATED');
    expect(parseGuarded(hex(body), EXPLICIT)).toBe('TRUNCATED');
  });

  it.each([
    ['fragments without an offset table', `${PIXELS} ${END}`, EXPLICIT],
    ['an offset table of 6 bytes', `${PIXELS} feff00e0 06000000 000000000000 ${END}`, EXPLICIT],
    ['encapsulated text', `e07f1000 5554 0000 ffffffff feff00e0 00000000 ${END}`, EXPLICIT],
    [
      'encapsulated data that are no pixels',
      `10111000 4f42 0000 ffffffff feff00e0 00000000 ${END}`,
      EXPLICIT,
    ],
    ['an undefined length of another VR', `10111000 5554 0000 ffffffff ${ITEM_END}`, EXPLICIT],
    ['an undefined length without items', `10111000 ffffffff 41424344 ${ITEM_END}`, IMPLICIT],
    ['a sequence delimiter with a length', `${SQ} feffdde0 02000000 4142`, EXPLICIT],
    ['an item delimiter with a length', `${SQ} ${ITEM} feff0de0 02000000 4142 ${END}`, EXPLICIT],
    ['a delimiter outside a sequence', ITEM_END, EXPLICIT],
    ['a sequence of unknown VR in big endian', `11101000 554e 0000 ffffffff fffee0dd 00000000`, BIG_ENDIAN],
    ['an unknown VR', '10001000 5a5a 0000', EXPLICIT],
  ])('%s, as MALFORMED', (_name, body, encoding) => {
    expect(guardStructure(hex(body), 0, encoding)).toBe('MALFORMED');
    expect(parseGuarded(hex(body), encoding)).toBe('MALFORMED');
  });

  it('an offset table of more entries than there may be items', () => {
    const table = (entries: number) => {
      const header = hex(`${PIXELS} feff00e0 00000000`);
      header.writeUInt32LE(4 * entries, 16);
      return Buffer.concat([header, Buffer.alloc(4 * entries), hex(END)]);
    };
    expect(typeof parseGuarded(table(99_997), EXPLICIT)).toBe('object');
    expect(parseGuarded(table(99_998), EXPLICIT)).toBe('TOO_MANY_ITEMS');
  });

  it('text that it would take gigabytes to join', () => {
    const text = (length: number) => bodyOf([{ tag: TAGS.patientId, vr: 'UT', value: 'x'.repeat(length) }]);
    expect(typeof parseGuarded(text(65_536), EXPLICIT)).toBe('object');
    expect(parseGuarded(text(65_538), EXPLICIT)).toBe('MALFORMED');
  });

  it('a data set that it would take for a whole file, and so read without guard', () => {
    const filler = Buffer.concat([
      hex('08001500 4f42 0000 00000000'),
      Buffer.alloc(116),
      Buffer.from('DICM'),
    ]);
    const hostile = Buffer.concat([filler, hex(nest(SQ))]);
    hostile.writeUInt32LE(hostile.length - 12, 8);
    expect(typeof guardStructure(hostile, 0, EXPLICIT)).toBe('object');
    expect(parseGuarded(hostile, EXPLICIT)).toBe('MALFORMED');
  });
});

function bodyOf(elements: WriteElement[], syntax: string = SYNTAX.explicit): Buffer {
  const whole = writeDicom(elements, syntax);
  return whole.subarray(144 + whole.readUInt32LE(140));
}

describe('dicom-parser behind the guard', () => {
  it('does not look into an implicit data set as if it were explicit, when its first length spells SQ', async () => {
    const value = hex(nest(SQ)).subarray(0, 0x5153);
    const body = Buffer.concat([hex('08000500 53510000'), value]);
    const file = await readPart10(Buffer.concat([writeDicom([], SYNTAX.implicit), body]));
    expect(file).toMatchObject({ dataset: { elements: { x00080005: { length: 0x5153 } } } });
  });

  it.each(['OV', 'SV', 'UV'])('reads what follows a %s value', (vr) => {
    const body = bodyOf([
      { tag: 0x00090010, vr, value: Buffer.alloc(16, 1) },
      { tag: TAGS.patientId, vr: 'LO', value: 'ZZCANARY-7' },
    ]);
    const dataset = parseGuarded(body, EXPLICIT);
    if (typeof dataset === 'string') throw new Error(dataset);
    expect(readText(dataset, TAGS.patientId)).toBe('ZZCANARY-7');
    expect(findElement(dataset, 0x00090010)?.length).toBe(16);
    expect(body.includes(vr)).toBe(true); // the caller's bytes stay as they were
  });

  it('is called nowhere else', () => {
    const folder = resolve(import.meta.dirname, '..');
    const callers = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .filter((name) => /\b(parseDicom\w*|readPart10Header|read\w+(Im|Ex)plicit)\(/.test(read(folder, name)));
    expect(callers).toEqual([join('dataset', 'parse-guarded.ts')]);
  });
});

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

describe('guard and dicom-parser agree on every byte', () => {
  const table = (tag: number): WriteElement => {
    const entries: WriteElement = { tag: 0x00283006, vr: 'OW', value: [1, 2, 3] };
    const items = [[{ tag: 0x00283002, vr: 'US', value: [3, 0, 8] }, entries], []];
    return { tag, vr: 'SQ', value: { items, undefinedLength: tag === TAGS.voiLutSequence } };
  };
  const elements = (pixelData: WriteElement['value'], pixelVr: string): WriteElement[] => [
    ...filmElements({ pixelData, pixelVr }),
    { tag: 0x00081110, vr: 'SQ', value: { items: [[table(0x00081115)]], undefinedLength: true } },
    { tag: 0x00091010, vr: 'SQ', value: { items: [[table(0x00091011)]], undefinedLength: true } },
    table(TAGS.modalityLutSequence),
    table(TAGS.voiLutSequence),
  ];
  const native = elements(Buffer.alloc(8, 5), 'OW');
  const unknown = hex(
    `e17f1010 554e 0000 ffffffff ${ITEM} 10001000 04000000 41424344 11001000 ffffffff ${ITEM} ${ITEM_END} ${END} ${ITEM_END} ${END}`,
  );
  const frames = { fragments: [Buffer.alloc(4, 5), Buffer.alloc(2)] };
  const cases: [string, Buffer, Encoding][] = [
    ['implicit', bodyOf(native, SYNTAX.implicit), IMPLICIT],
    ['explicit', Buffer.concat([bodyOf(native), unknown]), EXPLICIT],
    ['big endian', bodyOf(native, SYNTAX.bigEndian), BIG_ENDIAN],
    ['encapsulated', bodyOf(elements(frames, 'OB'), SYNTAX.rle), EXPLICIT],
  ];

  it.each(cases)('of an %s data set, also where one is changed', (_name, whole, encoding) => {
    expect(outlineOf(whole, encoding)).toBe(whole.length);
    let accepted = 0;
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0xff, whole[at]! ^ 1, whole[at]! ^ 0x80, whole[at]! + 8]) {
        const changed = Buffer.from(whole);
        changed[at] = value;
        const structure = guardStructure(changed, 0, encoding);
        if (typeof structure === 'string') continue;
        accepted += 1;
        expect(outlineOf(changed, encoding), `${value} at ${at}`).toBe(structure.end);
        expect(changed.subarray(structure.end).every((byte) => byte === 0)).toBe(true);
      }
    }
    expect(accepted).toBeGreaterThan(whole.length); // most changes are in values
  });

  /** Bytes that dicom-parser accounts for: all of them, unless it took one for something else than the guard did. */
  function outlineOf(body: Buffer, encoding: Encoding): number {
    const dataset = parseGuarded(body, encoding);
    if (typeof dataset === 'string') return -1;
    const { elements, byteArray } = dataset;
    const spans = Object.values(elements).filter(({ dataOffset }) => dataOffset !== undefined);
    const starts = spans.map(({ dataOffset, vr }) => dataOffset - (isShort(vr) ? 8 : 12));
    const ends = spans.map(
      ({ dataOffset, length, hadUndefinedLength, fragments }) =>
        dataOffset + length + (hadUndefinedLength && !fragments ? 8 : 0),
    );
    expect(starts).toEqual([0, ...ends.slice(0, -1)]);
    return ends.at(-1) === byteArray.length ? byteArray.length : -1;
  }

  const isShort = (vr: string | undefined) => vr === undefined || !/^(O[BDFLW]|SQ|U[CNRT])$/.test(vr);
});
