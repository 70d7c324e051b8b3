import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTextModels, readFilm, readSquareFilm, writePhantomSite } from '@synspine/dicom';
import { beforeAll, describe, expect, it } from 'vitest';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { openCatalogue } from './catalogue.ts';
import { ingestFolder } from './ingest-folder.ts';
import { MASTER_SIZE } from './master-image.ts';
import { readSource, type SourceFilm } from './source.ts';

const temporaryFolder = useTemporaryFolders();
const image = { size: MASTER_SIZE, fit: 'squeeze' } as const;

const HEADER = 'study_id,series_id,image_id,rad_id,lesion_type,xmin,ymin,xmax,ymax';
type Film = { file: string; study: string; part: 'train' | 'test'; findings: string[] };
const FILMS: Film[] = [
  { file: 'aa', study: 's1', part: 'train', findings: ['No finding'] },
  { file: 'bb', study: 's1', part: 'train', findings: ['Osteophytes', 'Osteophytes', 'Foraminal stenosis'] },
  { file: 'cc', study: 's2', part: 'train', findings: ['Spondylolysthesis'] },
  { file: 'dd', study: 's3', part: 'test', findings: ['Surgical implant'] },
];

let site: string;
let folder: string;
beforeAll(async () => {
  [site, folder] = [await temporaryFolder(), await temporaryFolder()];
  await writePhantomSite(site, { site: 'yew', patients: 4, seed: 'source', size: 256 });
});

async function listFilms(path: string): Promise<SourceFilm[]> {
  const films: SourceFilm[] = [];
  for await (const film of (await readSource(path)).films) films.push(film);
  return films;
}

/** Phantoms, laid out as VinDr-SpineXR is published: `image_id` is the file's name, not its UID. */
async function imitateVindr(): Promise<void> {
  const phantoms = (await listFilms(site)).map(({ file }) => join(site, file));
  const readable: string[] = [];
  for (const path of phantoms) {
    if ((await readFilm(await readFile(path))).ok) readable.push(path);
  }
  await rm(folder, { recursive: true });
  await mkdir(join(folder, 'annotations'), { recursive: true });
  await writeFile(join(folder, 'LICENSE.txt'), 'terms');
  for (const part of ['train', 'test'] as const) {
    await mkdir(join(folder, `${part}_images`));
    const rows = FILMS.filter((film) => film.part === part).flatMap(({ file, study, findings }) =>
      findings.map((finding) => `${study},x,${file},R1,${finding},1,2,3,4`),
    );
    await writeFile(join(folder, `annotations/${part}.csv`), [HEADER, ...rows, ''].join('\n'));
  }
  for (const [i, { file, part }] of FILMS.entries())
    await copyFile(readable[i]!, join(folder, `${part}_images/${file}.dicom`));
}

describe('readSource', () => {
  it('takes a folder with labels.csv as it is', async () => {
    const { labels, labelFiles, count } = await readSource(site);
    const films = await listFilms(site);
    expect(labelFiles).toEqual([join(site, 'labels.csv')]);
    expect(films.every(({ file }) => /^dicom\/img-.*\.dcm$/.test(file))).toBe(true);
    expect([labels.size, count]).toEqual([films.length, films.length]);
  });

  it('finds films, labels, studies and parts of VinDr-SpineXR as it is published', async () => {
    await imitateVindr();
    expect(await listFilms(folder)).toEqual([
      { file: 'train_images/aa.dicom', published: 'train' },
      { file: 'train_images/bb.dicom', published: 'train' },
      { file: 'train_images/cc.dicom', published: 'train' },
      { file: 'test_images/dd.dicom', published: 'test' },
    ]);
    const { labels } = await readSource(folder);
    expect(labels.get('bb')).toMatchObject({ findings: ['Osteophytes', 'Foraminal stenosis'], group: 's1' });
    expect(labels.get('dd')).toMatchObject({ findings: ['Surgical implant'], group: 's3' });
  });

  it.each([
    [true, ['hold-out']],
    [false, []],
  ])(
    'films of test_images are held out only when that is asked for (%s)',
    async (keepPublishedHoldOut, parts) => {
      await imitateVindr();
      const home = await openHome(await temporaryFolder(), { create: true });
      const models = await loadTextModels();
      const verdicts = await ingestFolder(home, {
        source: await readSource(folder),
        fit: 'squeeze',
        readFilm: async (path) => readSquareFilm(await readFile(path), { image }, models),
        keepPublishedHoldOut,
      });
      expect(verdicts.map(({ code }) => code)).toEqual([null, null, null, null]);
      const films = (await openCatalogue(home)).films();
      expect(films.flatMap(({ part }) => part ?? [])).toEqual(parts);
      expect(films.map(({ findings }) => findings.join()).sort()).toEqual([
        'No finding',
        'Osteophytes,Foraminal stenosis',
        'Spondylolisthesis',
        'Surgical implant',
      ]);
    },
  );

  it('refuses an empty folder and one that is not there, and takes one without a label file', async () => {
    const empty = await temporaryFolder();
    await mkdir(join(empty, 'dicom'));
    for (const labels of [undefined, join(site, 'labels.csv')])
      await expect(readSource(empty, labels)).rejects.toMatchObject({ code: 'FOLDER_EMPTY' });
    await writeFile(join(empty, 'dicom', 'film.dcm'), '');
    const { labels, labelFiles, count } = await readSource(empty);
    expect([labels.size, labelFiles, count]).toEqual([0, [], 1]);
    await expect(readSource(empty, join(empty, 'none.csv'))).rejects.toMatchObject({
      code: 'LABELS_MISSING',
    });
    const missing = readSource(join(empty, 'none'), join(site, 'labels.csv'));
    await expect(missing).rejects.toMatchObject({ code: 'FOLDER_UNREADABLE' });
  });
});
