import { appendFile, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FilmView, writePhantomSite } from '@synspine/dicom';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { writeFilms } from '../sources/test-films.fixture.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openCatalogue } from './catalogue.ts';
import { openCatalogueIndex } from './catalogue-index.ts';
import { type IngestSourceOptions, ingestSource } from './ingest-source.ts';
import { readQuarantine } from './quarantine.ts';
import { retryFilms } from './retry-films.ts';
import { readSource } from './source.ts';

const temporaryFolder = useTemporaryFolders();

let phantoms: string;
let folder: string;
let home: Home;
beforeAll(async () => {
  phantoms = await temporaryFolder();
  await writePhantomSite(phantoms, { site: 'fir', patients: 3, seed: 'source', size: 256 });
});
/** Two of the phantoms, with labels. */
beforeEach(async () => {
  folder = await temporaryFolder();
  home = await openHome(await temporaryFolder(), { create: true });
  const { films } = await readSource(phantoms);
  const names: string[] = [];
  for await (const { file } of films) names.push(file);
  for (const name of names.slice(0, 2)) await copyFile(join(phantoms, name), join(folder, name.slice(6)));
  await copyFile(join(phantoms, 'labels.csv'), join(folder, 'labels.csv'));
});

const select = (choice: object) =>
  writeFile(home.files.selection, JSON.stringify({ schema: 'synspine.selection/1', ...choice }));
const ingest = async (options: Partial<IngestSourceOptions> = {}) =>
  ingestSource(home, { source: await readSource(folder), fit: 'squeeze', ...options });
const codes = (verdicts: readonly { code: string | null }[]) => verdicts.map(({ code }) => code);
const quarantine = () => readQuarantine(home, () => false);
const retry = async (labelFile?: string) => {
  const verdicts = [];
  for await (const verdict of retryFilms(home, await quarantine(), { fit: 'squeeze', labelFile }))
    verdicts.push(verdict);
  return verdicts;
};

describe('a site’s selection', () => {
  it('decides by its rules, and the home says by which tag', async () => {
    await select({ views: ['PA'] });
    const refused = await ingest();
    expect(new Set(codes(refused))).toEqual(new Set(['VIEW_NOT_ACCEPTED']));
    expect(refused[0]).toMatchObject({ rows: 256, pixelSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const [entry] = await quarantine();
    expect(entry!.selection).toMatchObject({
      region: 'spine',
      regionRule: 'body-part',
      viewRule: 'view-position',
    });
    await select({});
    expect(codes(await ingest())).toEqual([null, null]);
    const { selection } = (await openCatalogue(home)).films()[0]!;
    expect(selection).toMatchObject({
      region: 'spine',
      viewRule: 'view-position',
      modality: /^(CR|DX)$/.exec(selection!.modality)![0],
    });
    expect(await quarantine()).toEqual([]);
  });

  it('refuses what is no film of the spine by its pixels, unless it is told to take it', async () => {
    folder = await temporaryFolder();
    await writePhantomSite(folder, { site: 'oak', patients: 41, seed: 'look', size: 256, view: 'AP' });
    const { films, labels } = await writeFilms(join(folder, 'noise'), 2);
    const rows = films.map(({ uid }) => `${uid},,,normal,No finding\n`);
    await appendFile(join(folder, 'labels.csv'), rows.join(''));
    await rm(labels);
    const unlike = async () => (await quarantine()).filter(({ code }) => code === 'NOT_A_SPINE');
    expect(codes(await ingest()).filter((code) => code === null).length).toBeGreaterThanOrEqual(41);
    expect(await unlike()).toEqual(
      [0, 1].map(() => expect.objectContaining({ stage: 'select', selection: expect.anything() })),
    );
    expect((await unlike())[0]!.selection).toMatchObject({ look: 'unlike' });
    expect((await openCatalogue(home)).films()[0]!.selection).toMatchObject({ look: 'like' });
    await select({ unlikeSpine: 'take' });
    expect(codes(await retry()).filter((code) => code === null)).toHaveLength(2);
    expect(await unlike()).toEqual([]);
  });

  it.each([
    '{',
    '{"schema":"synspine.selection/1","views":["FRONT"]}',
    '{"schema":"synspine.selection/1","side":9}',
  ])('that is not valid stops the ingest: %s', async (text) => {
    await writeFile(home.files.selection, text);
    await expect(ingest()).rejects.toMatchObject({ code: 'SELECTION_INVALID' });
  });

  it('lets a classifier tell the view where no tag does, and records that it did', async () => {
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.dcm'))) {
      const bytes = await readFile(join(folder, name));
      const tag = bytes.indexOf(Buffer.from([0x18, 0, 0x01, 0x51])); // View Position
      await writeFile(join(folder, name), bytes.fill('XX', tag + 8, tag + 10));
    }
    await select({ views: ['AP'] });
    expect(codes(await ingest())).toEqual(['VIEW_UNKNOWN', 'VIEW_UNKNOWN']);
    const seen: number[] = [];
    const views: FilmView[] = ['AP', 'LATERAL'];
    const classifyView = async (square: Uint8Array) => {
      seen.push(square.length);
      return views[seen.length - 1]!;
    };
    expect(codes(await ingest({ classifyView }))).toEqual([null, 'VIEW_NOT_ACCEPTED']);
    expect(seen).toEqual([256 * 256, 256 * 256]);
    expect((await openCatalogue(home)).films()[0]!.selection).toMatchObject({
      view: 'AP',
      viewRule: 'classifier',
    });
    expect((await quarantine())[0]!.selection).toMatchObject({ view: 'LATERAL', viewRule: 'classifier' });
  });
});

describe('labels that contradict each other', () => {
  it('refuse the film until they are corrected', async () => {
    const { sopInstanceUid } = (await ingest())[0]!;
    home = await openHome(await temporaryFolder(), { create: true });
    const labels = join(folder, 'labels.csv');
    await writeFile(labels, `sop_instance_uid,label\n${sopInstanceUid},normal\n${sopInstanceUid},abnormal\n`);
    expect(codes(await ingest())).toEqual(['LABEL_CONFLICT', 'NO_LABEL']);
    await writeFile(labels, `sop_instance_uid,label\n${sopInstanceUid},normal\n`);
    expect(codes(await retry())).toEqual([null, 'NO_LABEL']);
    expect(codes(await quarantine())).toEqual(['NO_LABEL']);
  });
});

describe('films that are tried again', () => {
  it('are taken by the labels of now, from the file that lies there now', async () => {
    await rename(join(folder, 'labels.csv'), join(folder, 'all.csv'));
    await writeFile(join(folder, 'labels.csv'), 'sop_instance_uid,label\n');
    await writeFile(join(folder, 'a.dcm'), 'no film');
    const source = await readSource(folder, join(folder, 'labels.csv'));
    const isFilm = ({ file }: { file: string }) => file.endsWith('.dcm');
    const names = (await readdir(folder)).filter((file) => isFilm({ file })).map((file) => ({ file }));
    expect(codes(await ingest({ source: { ...source, films: names } }))).toEqual([
      'NOT_DICOM',
      'NO_LABEL',
      'NO_LABEL',
    ]);
    expect(codes(await retry(join(folder, 'all.csv')))).toEqual(['NOT_DICOM', null, null]);
    expect(codes(await quarantine())).toEqual(['NOT_DICOM']);
    await rename(join(folder, names[1]!.file), join(folder, 'a.dcm')); // the export is repaired
    expect(codes(await retry(join(folder, 'all.csv')))).toEqual([null]);
    expect(await quarantine()).toEqual([]);
  });

  it('are told apart from files that are gone, which stay listed', async () => {
    await writeFile(join(folder, 'a.dcm'), 'no film');
    await ingest();
    await rename(join(folder, 'a.dcm'), join(folder, '..', 'gone.dcm'));
    expect(codes(await retry())).toEqual(['FILE_GONE']);
    expect(codes(await quarantine())).toEqual(['FILE_GONE']);
    await rename(join(folder, '..', 'gone.dcm'), join(folder, 'a.dcm'));
    expect(codes(await retry())).toEqual(['NOT_DICOM']);
  });

  it('are not written down twice for the same reason', async () => {
    await writeFile(join(folder, 'a.dcm'), 'no film');
    await ingest();
    const before = await readFile(home.files.quarantine, 'utf8');
    await ingest();
    expect(await readFile(home.files.quarantine, 'utf8')).toBe(before);
  });

  it('are deleted where they were received, once they are ingested', async () => {
    await mkdir(home.folders.received, { recursive: true });
    const films = [];
    for await (const film of (await readSource(folder)).films) films.push(film);
    const source = { folder, labels: new Map(), labelFiles: [], films, refusedFolder: home.folders.received };
    expect(codes(await ingest({ source }))).toEqual(['NO_LABEL', 'NO_LABEL']);
    for (const { file } of films) await rename(join(folder, file), join(home.folders.received, file));
    const labels = join(folder, 'labels.csv');
    await writeFile(home.files.sources, JSON.stringify({ schema: 'synspine.sources/1', labels }));
    expect(codes(await retry())).toEqual([null, null]);
    expect(await readdir(home.folders.received)).toEqual([]);
  });
});

describe('an ingest that is stopped', () => {
  it('has saved what it decided, and goes on when it is started again', async () => {
    const stop = new AbortController();
    const source = await readSource(phantoms);
    const onProgress = () => stop.abort(new Error('stopped'));
    await expect(ingest({ source, signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    const saved = (await openCatalogue(home)).films().length + (await quarantine()).length;
    expect(saved).toBeGreaterThan(0);
    expect(saved).toBeLessThan(source.count!);
    await ingest({ source });
    expect((await openCatalogue(home)).films().length + (await quarantine()).length).toBe(source.count);
  });
});

describe('the catalogue as an ingest sees it', () => {
  it('finds films by pixels and by instance, also those of before and those whose line was torn off', async () => {
    await ingest();
    const films = (await openCatalogue(home)).films();
    await appendFile(home.files.catalogue, '{"pixelSha256":"torn');
    const index = await openCatalogueIndex(home);
    const added = { ...films[0]!, pixelSha256: 'a'.repeat(64), filmKey: 'b'.repeat(32) };
    index.add(added);
    expect(await index.byPixels(added.pixelSha256)).toEqual(added);
    await index.save();
    for (const film of [...films, added]) {
      expect(await index.byPixels(film.pixelSha256)).toEqual(film);
      expect(await index.byFilm(film.filmKey)).toEqual(film);
    }
    expect(await index.byPixels(`${films[0]!.pixelSha256.slice(0, 13)}${'0'.repeat(51)}`)).toBeUndefined();
    expect(index.fit).toBe('squeeze');
    await index.close();
    expect((await openCatalogue(home)).films()).toHaveLength(3);
  });
});
