import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FINDINGS } from '@synspine/dicom';
import { describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { classOfFilm, LABEL_SCHEMES, type LabelSchemeName, toBinaryLabels } from './label-schemes.ts';
import { findLabel, readLabels } from './labels.ts';

const temporaryFolder = useTemporaryFolders();

async function read(text: string) {
  const path = join(await temporaryFolder(), 'labels.csv');
  await writeFile(path, text);
  return readLabels([path]);
}
async function classesOf(text: string, scheme: LabelSchemeName) {
  const classes = [...(await read(text))].map(([film, { findings }]) => [
    film,
    classOfFilm(LABEL_SCHEMES[scheme], findings),
  ]);
  return Object.fromEntries(classes) as Record<string, string | undefined>;
}

const film = (sopInstanceUid: string, accessionNumber: string | null = null) => ({
  sopInstanceUid,
  studyInstanceUid: '1.9',
  accessionNumber,
});

const VINDR = [
  'study_id,series_id,image_id,rad_id,lesion_type,xmin,ymin,xmax,ymax',
  's1,e1,a,r1,No finding,,,,',
  's2,e2,b,r1,Osteophytes,12,3,40,20',
  's3,e3,c,r1,No finding,,,,',
  's3,e3,c,r2,Disc space narrowing,3,4,5,6',
  's4,e4,d,r1,Osteophytes,3,4,5,6',
  's4,e4,d,r2,No finding,,,,',
  's5,e5,e,r1,Osteophytes,3,4,5,6',
  's5,e5,e,r1,Spondylolysthesis,3,4,5,6',
  's6,e6,f,r1,Enthesophytes,3,4,5,6',
].join('\n');

describe('readLabels', () => {
  it('finds its columns in any case, order and byte order mark', async () => {
    const text = '\uFEFFNote,LABEL,SOP Instance UID\nx,Abnormal,1.2.3\ny,NORMAL,1.2.4\n';
    expect(await classesOf(text, 'binary')).toEqual({ '1.2.3': 'abnormal', '1.2.4': 'normal' });
  });

  it('leaves films unlabelled of which it says nothing', async () => {
    expect((await read('sop_instance_uid,label\n1.2.3,unsure\n1.2.4,\n')).size).toBe(0);
  });

  it('takes a film as abnormal iff any finding is not "No finding", be it the only annotation', async () => {
    expect(await classesOf(VINDR, 'binary')).toEqual({
      a: 'normal',
      b: 'abnormal',
      c: 'abnormal',
      d: 'abnormal',
      e: 'abnormal',
      f: 'abnormal',
    });
  });

  it('gives a film with several findings the first in a fixed order, and one of no label "Other lesions"', async () => {
    expect(await classesOf(VINDR, 'findings')).toEqual({
      a: 'No finding',
      b: 'Osteophytes',
      c: 'Disc space narrowing',
      d: 'Osteophytes',
      e: 'Spondylolisthesis',
      f: 'Other lesions',
    });
  });

  it('keeps the study for films that name no patient, and finds a film by its UID or its file', async () => {
    const labels = await read(VINDR);
    expect(findLabel(labels, film('1.2.3'), 'train_images/b.dicom')).toMatchObject({
      findings: ['Osteophytes'],
      group: 's2',
    });
    expect(findLabel(labels, film('b'), 'other.dcm')).toBe(labels.get('b'));
    expect(findLabel(labels, film('1.2.3'), 'b/other.dicom')).toBeUndefined();
  });

  it('lets the label say whether and the finding which, where a file has both', async () => {
    const text = [
      'image_id,label,finding',
      'a,normal,Osteophytes',
      'b,abnormal,osteophytes; surgical_implant',
      'c,abnormal,',
      'd,abnormal,No finding',
    ].join('\n');
    expect(await classesOf(text, 'binary')).toEqual({
      a: 'normal',
      b: 'abnormal',
      c: 'abnormal',
      d: 'abnormal',
    });
    expect(await classesOf(text, 'findings')).toEqual({
      a: 'No finding',
      b: 'Surgical implant',
      c: undefined,
      d: undefined,
    });
  });

  it.each([['sop_instance_uid,cobb\n1,2\n'], ['label\nnormal\n'], ['']])(
    'refuses a file without both columns',
    async (text) => {
      await expect(read(text)).rejects.toMatchObject({ code: 'LABELS_UNREADABLE' });
    },
  );
});

describe('LABEL_SCHEMES', () => {
  it.each(Object.entries(LABEL_SCHEMES))('%s ranks each of its classes once', (_, scheme) => {
    expect([...scheme.priority].sort()).toEqual([...scheme.classNames].sort());
  });

  it('has the eight findings in the published order', () => {
    expect(LABEL_SCHEMES.findings.classNames).toEqual(FINDINGS);
  });

  it('reads the conditions of either scheme as normal and abnormal', () => {
    const all = Uint8Array.from(FINDINGS.keys());
    expect([...toBinaryLabels(all, FINDINGS)]).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
    expect([...toBinaryLabels(Uint8Array.of(0, 1), ['normal', 'abnormal'])]).toEqual([0, 1]);
  });
});

describe('labels of an order', () => {
  const find = async (lines: string[], accession: string | null = ' A1') =>
    findLabel(await read(lines.join('\n')), film('1.2.3', accession), 'x.dcm')?.findings;

  it('stand for all films with its accession number', async () => {
    const lines = ['accession_number,label', 'A1,abnormal', 'A2,normal'];
    expect(await find(lines)).toEqual(['Unspecified finding']);
    expect(await find(lines, 'A2 ')).toEqual(['No finding']);
    expect(await find(lines, 'A3')).toBeUndefined();
    expect(await find(lines, null)).toBeUndefined();
  });

  it('stand for the films of its study alone where one is named', async () => {
    const header = 'Accession Number,Study Instance UID,label';
    expect(await find([header, 'A1,1.9,abnormal', 'A1,1.8,normal'])).toEqual(['Unspecified finding']);
    expect(await find([header, 'A1,1.8,abnormal'])).toBeUndefined();
    expect(await find(['study_instance_uid,label', '1.9,abnormal'], null)).toEqual(['Unspecified finding']);
  });

  it('give way to those of the film itself', async () => {
    const lines = ['sop_instance_uid,accession_number,label', ',A1,abnormal', '1.2.3,A1,normal'];
    expect(await find(lines)).toEqual(['No finding']);
  });
});

describe('a film that rows call normal and abnormal', () => {
  const isConflicting = async (...rows: string[]) =>
    (await read(['image_id,label', ...rows].join('\n'))).get('a')?.fault?.code === 'LABEL_CONFLICT';

  it('is marked, in whatever order they come', async () => {
    expect(await isConflicting('a,normal', 'b,normal', 'a,abnormal')).toBe(true);
    expect(await isConflicting('a,abnormal', 'a,normal', 'a,abnormal')).toBe(true);
    expect(await isConflicting('a,abnormal', 'a,abnormal', 'b,normal')).toBe(false);
    expect(await isConflicting('a,normal', 'a,normal', 'a,unsure')).toBe(false);
  });
});
