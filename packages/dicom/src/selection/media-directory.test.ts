import { describe, expect, it } from 'vitest';
import { SYNTAX } from '../fixtures/film-elements.ts';
import { readFilm } from '../read-film.ts';
import { type WriteElement, writeDicom } from '../write/write-dicom.ts';

type DirectoryRecord = { type: string; fileId?: string; inUse?: number };

const record = ({ type, fileId, inUse = 0xffff }: DirectoryRecord): WriteElement[] => [
  { tag: 0x00041410, vr: 'US', value: inUse },
  { tag: 0x00041430, vr: 'CS', value: type },
  ...(fileId === undefined ? [] : [{ tag: 0x00041500, vr: 'CS', value: fileId } as const]),
];

const directory = (records: DirectoryRecord[], syntax: string = SYNTAX.explicit) =>
  writeDicom(
    [
      { tag: 0x00041130, vr: 'CS', value: 'MEDIUM' },
      { tag: 0x00041220, vr: 'SQ', value: { items: records.map(record) } },
    ],
    syntax,
  );

describe('a DICOMDIR', () => {
  it('is no film, and names those of its medium', async () => {
    const records = [
      { type: 'PATIENT' },
      { type: 'IMAGE', fileId: 'DICOM\\PA000001\\IM000001' },
      { type: 'IMAGE', fileId: 'IM2.DCM' },
      { type: 'IMAGE', fileId: 'IM2.DCM' },
    ];
    for (const syntax of [SYNTAX.explicit, SYNTAX.implicit])
      expect(await readFilm(directory(records, syntax))).toEqual({
        ...{ ok: false, code: 'MEDIA_DIRECTORY', stage: 'parse' },
        facts: { namedFiles: ['DICOM/PA000001/IM000001', 'IM2.DCM'] },
      });
  });

  it('names no file that is no longer in use, and none outside of its folder', async () => {
    const fileIds = [
      '..\\KEY',
      'A\\..\\..\\KEY',
      '\\ETC\\PASSWD',
      'A/../B',
      'C\\\\D',
      'A\\B\\C\\D\\E\\F\\G\\H\\I',
    ];
    const records = fileIds.map((fileId) => ({ type: 'IMAGE', fileId }));
    const gone = { type: 'IMAGE', fileId: 'GONE', inUse: 0 };
    expect(await readFilm(directory([...records, gone]))).toMatchObject({ facts: { namedFiles: [] } });
  });

  it('names no file by the root, a drive or the separators of other systems', async () => {
    const fileIds = ['/ETC/PASSWD', 'C:\\X', 'C:/X', '\\\\HOST\\X', 'A/B', '~\\X', 'A\\.', '', 'É'];
    const records = fileIds.map((fileId) => ({ type: 'IMAGE', fileId }));
    expect(await readFilm(directory(records))).toMatchObject({ facts: { namedFiles: [] } });
  });

  it('is read record by record, so that records which point to each other end it no later', async () => {
    const self = 0x200; // offsets are not followed
    const circle = (fileId: string): WriteElement[] => [
      { tag: 0x00041400, vr: 'UL', value: self },
      { tag: 0x00041410, vr: 'US', value: 0xffff },
      { tag: 0x00041420, vr: 'UL', value: self },
      { tag: 0x00041500, vr: 'CS', value: fileId },
    ];
    const items = [circle('A'), circle('B')];
    const bytes = writeDicom([{ tag: 0x00041220, vr: 'SQ', value: { items } }]);
    expect(await readFilm(bytes)).toMatchObject({ facts: { namedFiles: ['A', 'B'] } });
  });

  it('names what it can hold, and no more', async () => {
    const fileIds = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ type: 'IMAGE', fileId: `X${i}` }));
    const read = await readFilm(directory(fileIds(24_000)));
    expect(read.ok === false && read.facts?.namedFiles).toHaveLength(24_000);
    expect(await readFilm(directory(fileIds(100_000)))).toMatchObject({ code: 'TOO_MANY_ITEMS' });
    const long = [{ type: 'IMAGE', fileId: 'A\\'.repeat(1_000_000) }];
    expect(await readFilm(directory(long, SYNTAX.implicit))).toMatchObject({ facts: { namedFiles: [] } });
  });
});
