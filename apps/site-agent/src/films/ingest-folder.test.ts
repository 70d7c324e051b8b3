import { copyFile, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFilmReader, type FilmReader, writePhantomSite } from '@synspine/dicom';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openCatalogue } from './catalogue.ts';
import { type IngestVerdict, ingestFolder } from './ingest-folder.ts';
import { encodeGray, MASTER_SIZE } from './master-image.ts';
import { readQuarantine } from './quarantine.ts';
import { readSource } from './source.ts';

const temporaryFolder = useTemporaryFolders();

let site: string;
let reader: FilmReader;
let home: Home;

beforeAll(async () => {
  site = await temporaryFolder();
  await writePhantomSite(site, { site: 'elm', patients: 6, seed: 'ingest', size: 256 });
  reader = createFilmReader({
    processes: 2,
    timeoutMs: 30_000,
    image: { size: MASTER_SIZE, fit: 'squeeze' },
  });
});
afterAll(() => reader.close());
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});

async function ingest(
  folder = join(site, 'dicom'),
  labelFile = join(site, 'labels.csv'),
): Promise<IngestVerdict[]> {
  const source = await readSource(folder, labelFile);
  return ingestFolder(home, { source, fit: 'squeeze', readFilm: (path) => reader.read(path) });
}
const ingested = (verdicts: readonly IngestVerdict[]) =>
  verdicts.filter(({ verdict }) => verdict === 'ingested');

describe('ingestFolder', () => {
  it('keeps readable films as square gray images and refuses the broken ones with a code each', async () => {
    const verdicts = await ingest();
    const refused = verdicts.filter(({ verdict }) => verdict === 'refused').map(({ code }) => code);
    expect(refused.sort()).toEqual(['NO_PIXEL_DATA', 'TOO_SMALL', 'TRUNCATED']);
    const films = (await openCatalogue(home)).films();
    expect(films).toHaveLength(ingested(verdicts).length);
    const { width, height, channels } = await sharp(
      join(home.folders.films, `${films[0]!.pixelSha256}.png`),
    ).metadata();
    expect([width, height, channels]).toEqual([MASTER_SIZE, MASTER_SIZE, 1]);
  });

  it('changes nothing when the same folder is ingested again', async () => {
    const first = await ingest();
    const films = (await openCatalogue(home)).films();
    expect(await ingest()).toEqual(first);
    expect((await openCatalogue(home)).films()).toEqual(films);
    expect(await readQuarantine(home, () => false)).toHaveLength(3);
  });

  it('replaces a square image that shows something else or is damaged, and no other', async () => {
    const paths = ingested(await ingest()).map(({ pixelSha256 }) =>
      join(home.folders.films, `${pixelSha256}.png`),
    );
    const [other, damaged, same] = paths;
    const before = await Promise.all(paths.map((path) => readFile(path)));
    const { ino } = await stat(same!);
    await writeFile(other!, await encodeGray(new Uint8Array(MASTER_SIZE ** 2), MASTER_SIZE)); // as if cleaned otherwise
    await writeFile(damaged!, before[1]!.subarray(0, 1_000));
    await ingest();
    expect(await Promise.all(paths.map((path) => readFile(path)))).toEqual(before);
    expect((await stat(same!)).ino).toBe(ino);
  });

  it('refuses a copy of a film under another name, and only the copy', async () => {
    const folder = await temporaryFolder();
    const [name] = ingested(await ingest()).map(({ file }) => file);
    for (const copy of ['a.dcm', 'b.dcm']) await copyFile(join(site, 'dicom', name!), join(folder, copy));
    home = await openHome(await temporaryFolder(), { create: true });
    const verdicts = await ingest(folder);
    expect(verdicts.map(({ verdict, code }) => [verdict, code])).toEqual([
      ['ingested', null],
      ['refused', 'DUPLICATE'],
    ]);
  });

  it('refuses a film without a label until there is one', async () => {
    const { file, sopInstanceUid } = ingested(await ingest())[0]!;
    home = await openHome(await temporaryFolder(), { create: true });
    const folder = await temporaryFolder();
    await copyFile(join(site, 'dicom', file), join(folder, file));
    const labelFile = join(folder, 'labels.csv');
    await writeFile(labelFile, 'sop_instance_uid,label\n');
    expect((await ingest(folder, labelFile)).map(({ code }) => code)).toEqual(['NO_LABEL']);
    await writeFile(labelFile, `sop_instance_uid,label\n${sopInstanceUid},abnormal\n`);
    expect((await ingest(folder, labelFile)).map(({ verdict }) => verdict)).toEqual(['ingested']);
    await writeFile(labelFile, `sop_instance_uid,label\n${sopInstanceUid},normal\n`);
    await ingest(folder, labelFile);
    expect((await openCatalogue(home)).films().map(({ findings }) => findings)).toEqual([['No finding']]);
    expect(await readQuarantine(home, () => true)).toEqual([]);
  });

  it('keeps no identifier: neither names, nor numbers of patients, nor UIDs', async () => {
    const folder = await temporaryFolder();
    await cp(join(site, 'dicom'), folder, { recursive: true });
    await writeFile(join(folder, 'ZZCANARY^NAME.dcm'), 'not a film');
    const verdicts = await ingest(folder);
    expect(await readFile(home.files.quarantine, 'utf8')).toContain('ZZCANARY^NAME.dcm');
    const entries = await readdir(home.path, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => path !== home.files.quarantine); // relative paths stay in this one file
    const uids = ingested(verdicts).map(({ sopInstanceUid }) => sopInstanceUid!);
    const leaks = ['ZZCANARY', ...uids].filter((secret) => files.some((file) => file.includes(secret)));
    for (const file of files) {
      const text = await readFile(file, 'latin1');
      leaks.push(...['ZZCANARY', ...uids].filter((secret) => text.includes(secret)));
    }
    expect(leaks).toEqual([]);
  });

  it('never mixes films that were cut in different ways', async () => {
    await ingest();
    const options = {
      source: await readSource(site),
      fit: 'letterbox' as const,
      readFilm: (path: string) => reader.read(path),
    };
    await expect(ingestFolder(home, options)).rejects.toMatchObject({ code: 'FIT_CONFLICT' });
  });
});
