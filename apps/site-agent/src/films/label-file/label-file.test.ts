import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { classOfFilm, LABEL_SCHEMES } from '../label-schemes.ts';
import { createNameCounter, findLabel, readLabels } from '../labels.ts';
import { fold } from './fold.ts';
import { readWords } from './site-words.ts';
import { USUAL_WORDS } from './words.ts';

const temporaryFolder = useTemporaryFolders();

async function write(content: string | Uint8Array, name = 'labels.csv'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

const told = async (content: string | Uint8Array) =>
  [...(await readLabels([await write(content)]))].map(([name, { findings }]) => `${name} ${findings}`);

describe('words of a finding column', () => {
  const classOf = async (word: string) => {
    const label = (await readLabels([await write(`image_id,finding\na,"${word}"\n`)])).get('a');
    return label?.fault ?? (label && classOfFilm(LABEL_SCHEMES.binary, label.findings));
  };

  it.each([
    ...['normal', 'None', '-', 'o. B.', 'Unauffällig', 'aucune', 'Rien à signaler', 'sin hallazgos'],
    ...['nella norma', 'Geen afwijkingen', 'Bình thường', 'không', '正常', '未见异常', 'NO FINDING'],
  ])('of a healthy film are no finding: %s', async (word) => {
    expect(await classOf(word)).toBe('normal');
  });

  it.each([
    ...['Osteophyten', 'ostéophytes', 'espondilolistesis', 'xẹp đốt sống', '骨赘', 'hẹp khe đĩa đệm'],
    ...['Wirbelgleiten', 'material de osteosíntesis', 'crollo vertebrale', 'bất thường', 'pathologisch'],
  ])('of a finding make a film abnormal: %s', async (word) => {
    expect(await classOf(word)).toBe('abnormal');
  });

  it.each(['keine Osteophyten', 'Arthrose', 'n/a', '0', '1', 'no', 'Osteophytes; sehr klein'])(
    'that nobody has mapped refuse the film with its row: %s',
    async (word) => {
      expect(await classOf(word)).toEqual({ code: 'LABEL_UNKNOWN', labelRow: 2, labelColumn: 'finding' });
    },
  );

  it('mean what the site says they mean', async () => {
    const csv = await write('image_id,label\na,0\nb,1\nc,Arthrose\nd,altersentsprechend\n');
    const words = { 0: 'normal', 1: 'abnormal', arthrose: 'Other lesions', Altersentsprechend: 'unlabelled' };
    const json = await write(JSON.stringify({ schema: 'synspine.labels/1', words }), 'labels.json');
    const labels = await readLabels([csv], await readWords(json));
    expect([...labels].map(([name, { findings }]) => [name, ...findings])).toEqual([
      ['a', 'No finding'],
      ['b', 'Unspecified finding'],
      ['c', 'Other lesions'],
    ]);
  });

  it('are refused in a labels.json that gives them no finding, and not shown', async () => {
    const words = { 'ZZCANARY^NAME': 'bad' };
    const json = await write(JSON.stringify({ schema: 'synspine.labels/1', words }), 'labels.json');
    const error = await readWords(json).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'LABEL_WORDS_INVALID' });
    expect(String(error)).not.toContain('ZZCANARY');
  });

  it('are kept as they are compared', () => {
    const words = [...USUAL_WORDS.keys()];
    expect(words.length).toBeGreaterThan(300);
    expect(words.map(fold)).toEqual(words);
  });
});

describe('names of films', () => {
  const find = async (rows: string[], file: string, files: string[] = [file]) => {
    const labels = await readLabels([await write(['filename,label', ...rows].join('\n'))]);
    const meet = createNameCounter(labels, '/data/export');
    for (const other of files) meet(other);
    const film = { sopInstanceUid: '1.2.3', studyInstanceUid: '1.9', accessionNumber: null };
    const label = findLabel(labels, film, file, '/data/export');
    return label?.fault?.code ?? label?.findings.join();
  };

  it.each([
    ...['IM01.dcm', 'im01', 'IM01.DCM', 'A/IM01', 'A\\IM01.dcm', './A/im01.dcm', '/A/IM01', 'export/A/IM01'],
    ...['C:\\Users\\me\\export\\A\\IM01.dcm', '\\\\server\\x\\A\\IM01'],
  ])('are found with endings, folders, backslashes and in any case: %s', async (name) => {
    expect(await find([`${name},normal`], 'A/IM01.dcm')).toBe('No finding');
  });

  it('are found by a path that begins above the folder, where all paths have one folder', async () => {
    expect(await find(['D:\\x\\IM01.dcm,normal', 'D:\\x\\IM02.dcm,abnormal'], 'IM01')).toBe('No finding');
  });

  it('are no other folder’s', async () => {
    expect(await find(['B/IM01,normal'], 'A/IM01')).toBeUndefined();
    expect(await find(['x/A/IM01,normal', 'x/B/IM01,abnormal'], 'IM01')).toBeUndefined();
  });

  it('that fit two files are refused, until the folder decides', async () => {
    const files = ['A/IM01', 'B/IM01'];
    expect(await find(['IM01,normal'], 'A/IM01', files)).toBe('LABEL_AMBIGUOUS');
    expect(await find(['IM01,normal', 'A/IM01,abnormal'], 'A/IM01', files)).toBe('Unspecified finding');
    expect(await find(['IM01,normal', 'A/IM01,abnormal'], 'B/IM01', files)).toBe('LABEL_AMBIGUOUS');
  });

  it('that lost their zeros are pointed out', async () => {
    expect(await find(['7,normal'], '0007')).toBe('LABEL_ZEROS_LOST');
  });

  it('of UIDs keep their last part, which is no ending', async () => {
    expect(await find(['1.2.840.1,normal', '1.2.840.2,abnormal'], '1.2.840.2')).toBe('Unspecified finding');
  });
});

describe('a label file as a hospital exports it', () => {
  const expected = ['1.2.3 Osteophytes', '1.2.4 No finding'];

  it.each<[string, string]>([
    ['semicolons', 'sop_instance_uid;finding\n1.2.3;Osteophytes\n1.2.4;normal\n'],
    ['tabs', 'sop_instance_uid\tfinding\r\n1.2.3\tOsteophytes\r\n1.2.4\tnormal\r\n'],
    ['a sep= line', 'sep=|\r\nsop_instance_uid|finding\r\n1.2.3|Osteophytes\r\n1.2.4|normal\r\n'],
    ['title rows', 'Klinik;;\n"Export; 1.12.";\n\nSOP Instance UID;Befund\n1.2.3;Osteophytes\n1.2.4;o.B.\n'],
    ['formulas', 'sop_instance_uid,finding\n"=""1.2.3""",Osteophytes\n"=""1.2.4""",normal\n'],
    ['bare formulas', 'sop_instance_uid;finding\n="1.2.3";Osteophytes\n="1.2.4";normal\n'],
    ['apostrophes and spaces', "sop_instance_uid , finding\n'1.2.3 , Osteophytes\n'1.2.4\u00a0, normal\n"],
    ['old line ends', 'sop_instance_uid,finding\r1.2.3,Osteophytes\r1.2.4,normal\r'],
  ])('is read with %s', async (_, text) => {
    expect(await told(text)).toEqual(expected);
  });

  it('is read in UTF-8, UTF-16, Windows-1252 and GB18030', async () => {
    const text = 'sop_instance_uid,finding\n1.2.3,ostéophytes\n1.2.4,unauffällig\n';
    const marked = Buffer.from(`\ufeff${text}`, 'utf16le');
    const files = [Buffer.from(text), Buffer.from(`\ufeff${text}`), Buffer.from(text, 'latin1')];
    files.push(Buffer.from(text, 'utf16le'), marked, Buffer.from(marked).swap16());
    for (const bytes of files) expect(await told(bytes)).toEqual(expected);
    const chinese = 'cec4bcfec3fb2ccbf9bcfb0a312e322e332cb9c7d7b80a312e322e342cd5fdb3a30a'; // by Python's gb18030
    expect(await told(Buffer.from(chinese, 'hex'))).toEqual(expected);
  });

  it.each<[string, string, RegExp]>([
    [
      'powers of ten',
      'accession_number,label\n1.23E+05,normal\n',
      /row 2, column accession: .*powers of ten/,
    ],
    ['powers of ten with a comma', 'Title\n\nfile;label\n1,2E+12;normal\n', /row 4, column film/],
    ['dates', 'accession_number,label\nA1,normal\n02-Mrz,normal\n', /row 3, column accession: .*date/],
    ['months', 'filename,label\nMar-24,normal\n', /row 2, column film: .*month/],
    ['errors', 'filename,label\n#NAME?,normal\n', /row 2, column film: .*error/],
    ['a finding of nobody', 'filename,label\na,normal\n,abnormal\n', /row 3: .*names no film/],
    ['broken quotes', 'filename,label\na,normal\n"b,normal\n', /row 3: .*quotation marks/],
    ['a workbook', 'PK\x03\x04', /CSV UTF-8/],
    ['no header', 'a,b\n1,2\n', /header/],
    ['nothing', ' \n', /empty/],
  ])('is refused with what to change: %s', async (_, text, message) => {
    await expect(told(text)).rejects.toMatchObject({
      code: 'LABELS_UNREADABLE',
      message: expect.stringMatching(message),
    });
  });

  it('never shows what a cell holds', async () => {
    for (const text of [
      'filename,label\n02-Mar,ZZCANARY\n',
      'accession\tZZCANARY\n',
      'filename,label\n"ZZCANARY',
    ])
      await expect(told(text)).rejects.toThrow(/^(?![\s\S]*ZZCANARY)/);
  });
});
