import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type WriteElement, writeDicom } from '@synspine/dicom';
import { describe, expect, it } from 'vitest';
import { openCatalogue } from '../../films/catalogue.ts';
import type { IngestVerdict } from '../../films/ingest-folder.ts';
import { ingestSource } from '../../films/ingest-source.ts';
import { readQuarantine } from '../../films/quarantine.ts';
import { readSource } from '../../films/source.ts';
import { type Home, openHome } from '../../home.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { writeFilms } from '../test-films.fixture.ts';
import { isZip, streamMedium } from './stream-medium.ts';
import { writeZip, type ZipEntry } from './zip.fixture.ts';

const temporaryFolder = useTemporaryFolders();

async function prepare(entries: ZipEntry[], films = 3) {
  const folder = await temporaryFolder();
  const written = await writeFilms(folder, films);
  const path = join(folder, 'medium');
  const all = written.films.map(({ file }, i) => ({ name: `DICOM/IM${i}`, content: file }));
  await writeFile(path, writeZip([...all, ...entries]));
  const home = await openHome(await temporaryFolder(), { create: true });
  return { path, home, ...written };
}

async function ingest(home: Home, path: string, labelFile: string): Promise<IngestVerdict[]> {
  const { signal } = new AbortController();
  const verdicts: IngestVerdict[] = [];
  const options = { path, labelFile, fit: 'squeeze' as const, signal, onProgress: () => undefined };
  for await (const verdict of streamMedium(home, options)) verdicts.push(verdict);
  return verdicts.sort((a, b) => (a.file < b.file ? -1 : 1));
}

const codesOf = (verdicts: IngestVerdict[]) => verdicts.map(({ file, code }) => [file, code]);

/** A DICOMDIR that names these files. */
function makeDirectory(fileIds: string[]): Buffer {
  const items = fileIds.map((value): WriteElement[] => [{ tag: 0x00041500, vr: 'CS', value }]);
  return Buffer.from(writeDicom([{ tag: 0x00041220, vr: 'SQ', value: { items } }]));
}

describe('a DICOMDIR', () => {
  const FILES = ['DICOM\\IM0', 'DICOM\\IM1', 'DICOM\\IM7', 'other\\IM8'];
  const EXPECTED = [
    ['DICOM/IM0', null],
    ['DICOM/IM1', null],
    ['DICOM/IM2', null], // not named, and read all the same
    ['DICOM/IM7', 'FILE_MISSING'],
    ['DICOMDIR', 'MEDIA_DIRECTORY'],
    ['other/IM8', 'FILE_MISSING'],
  ];

  it('of a ZIP tells which files the medium lacks', async () => {
    const { path, home, labels } = await prepare([{ name: 'DICOMDIR', content: makeDirectory(FILES) }]);
    const verdicts = await ingest(home, path, labels);
    expect(codesOf(verdicts)).toEqual(EXPECTED);
    expect(Object.keys(verdicts[4]!).sort()).toEqual(['code', 'file', 'verdict']);
    const quarantined = await readQuarantine(home, () => false);
    expect(quarantined.filter(({ code }) => code === 'FILE_MISSING')).toHaveLength(2);
  });

  it('of a folder does so, too, however the names of its files are written', async () => {
    const folder = await temporaryFolder();
    const { films, labels } = await writeFilms(folder, 3);
    const medium = join(folder, 'medium');
    await mkdir(join(medium, 'DICOM'), { recursive: true });
    for (const [i, { file }] of films.entries()) await writeFile(join(medium, 'DICOM', `IM${i}`), file);
    await mkdir(join(medium, 'CD2'));
    await writeFile(join(medium, 'DICOMDIR'), makeDirectory(FILES));
    await writeFile(join(medium, 'CD2', 'DICOMDIR'), makeDirectory(['IM9', 'IM10']));
    await writeFile(join(medium, 'CD2', 'im9;1'), 'no film');
    const home = await openHome(await temporaryFolder(), { create: true });
    const source = await readSource(medium, labels);
    const verdicts = await ingestSource(home, { source, fit: 'squeeze' });
    const found = codesOf(verdicts.sort((a, b) => (a.file < b.file ? -1 : 1)));
    expect(found).toEqual([
      ['CD2/DICOMDIR', 'MEDIA_DIRECTORY'],
      ['CD2/IM10', 'FILE_MISSING'],
      ['CD2/im9;1', 'NOT_DICOM'],
      ...EXPECTED,
    ]);
  });
});

describe('a DICOMDIR that names more files than are listed', () => {
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const EXPECTED = { FILE_MISSING: 1_000, FILES_MISSING: 2, MEDIA_DIRECTORY: 3 };
  const countCodes = (found: readonly { code: string | null }[]) => {
    const counts: Record<string, number> = {};
    for (const { code } of found) if (code !== null) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
  };
  const several = (found: readonly { file: string; code: string | null; count?: number }[]) =>
    found.filter(({ code }) => code === 'FILES_MISSING').map(({ file, count }) => [file, count]);

  it('of a ZIP has the others counted, in a home of a bounded size', async () => {
    const { path, home, labels } = await prepare([
      { name: 'A/DICOMDIR', content: makeDirectory(names('X', 49_000)) },
      { name: 'B/DICOMDIR', content: makeDirectory(names('Y', 700)) },
      { name: 'DICOMDIR', content: makeDirectory(['DICOM\\IM0', 'DICOM\\IM1']) },
    ]);
    const verdicts = await ingest(home, path, labels);
    expect(countCodes(verdicts)).toEqual(EXPECTED);
    expect(several(verdicts)).toEqual([
      ['A/DICOMDIR/*', 48_000],
      ['B/DICOMDIR/*', 700],
    ]);
    const quarantined = await readQuarantine(home, () => false);
    expect(countCodes(quarantined)).toEqual(EXPECTED);
    expect(several(quarantined.map((entry) => ({ ...entry, file: entry.path })))).toEqual(several(verdicts));
  });

  it('of a folder has them counted, too, and again the same', async () => {
    const medium = await temporaryFolder();
    const { labels } = await writeFilms(medium, 1);
    for (const [name, count] of [['A', 1_500] as const, ['B', 20] as const, ['C', 1] as const]) {
      await mkdir(join(medium, name));
      const named = name === 'C' ? [] : names('X', count);
      await writeFile(join(medium, name, 'DICOMDIR'), makeDirectory(named));
    }
    const home = await openHome(await temporaryFolder(), { create: true });
    const read = async () =>
      ingestSource(home, { source: await readSource(medium, labels), fit: 'squeeze', verdicts: 'keep' });
    const verdicts = await read();
    expect(countCodes(verdicts)).toEqual(EXPECTED);
    expect(several(verdicts)).toEqual([
      ['A/DICOMDIR/*', 500],
      ['B/DICOMDIR/*', 20],
    ]);
    const before = await readFile(home.files.quarantine, 'utf8');
    expect(await read()).toEqual(verdicts);
    expect(await readFile(home.files.quarantine, 'utf8')).toBe(before);
  });
});

describe('streamMedium', () => {
  it('ingests the films of a ZIP, tells about each other file, and leaves nothing in the spool', async () => {
    const [film] = (await prepare([])).films;
    const { path, home, labels } = await prepare([
      { name: 'DICOM/TWIN', content: film!.file },
      { name: 'README.TXT', content: Buffer.from('a viewer for films') },
      { name: 'inner.zip', content: writeZip([{ name: 'IM9', content: film!.file }]) },
      { name: 'LOCKED', content: film!.file, encrypted: true },
      { name: 'BOMB', content: Buffer.alloc(20_000_000) },
    ]);
    expect(await isZip(path)).toBe(true);
    const verdicts = await ingest(home, path, labels);
    expect(codesOf(verdicts)).toEqual([
      ['BOMB', 'TOO_LARGE'],
      ['DICOM/IM0', null],
      ['DICOM/IM1', null],
      ['DICOM/IM2', null],
      ['DICOM/TWIN', 'DUPLICATE'], // the same instance with other pixels
      ['LOCKED', 'FILE_UNREADABLE'],
      ['README.TXT', 'NOT_DICOM'],
      ['inner.zip', 'NOT_DICOM'],
    ]);
    expect((await openCatalogue(home)).films()).toHaveLength(3);
    expect(await readdir(join(home.folders.spool, 'ready'))).toEqual([]);
    expect(codesOf(await ingest(home, path, labels))).toEqual(codesOf(verdicts)); // again: the same
  });

  it.each(['../outside', '/etc/outside', 'a\\..\\..\\outside', 'C:/outside'])(
    'refuses a ZIP with an entry named %s',
    async (name) => {
      const { path, home, labels, films } = await prepare([]);
      await writeFile(path, writeZip([{ name, content: films[0]!.file }]));
      await expect(ingest(home, path, labels)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
    },
  );

  it('refuses an entry that is longer than it says', async () => {
    const { path, home, labels, films } = await prepare([]);
    await writeFile(path, writeZip([{ name: 'LONG', content: films[0]!.file, uncompressedSize: 1_000 }]));
    expect(codesOf(await ingest(home, path, labels))).toEqual([['LONG', 'FILE_UNREADABLE']]);
  });

  it('refuses a ZIP that is cut short, and one without labels', async () => {
    const { path, home, labels } = await prepare([]);
    await expect(ingest(home, path, join(path, 'none.csv'))).rejects.toMatchObject({
      code: 'LABELS_MISSING',
    });
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 100));
    await expect(ingest(home, path, labels)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' });
  });
});
