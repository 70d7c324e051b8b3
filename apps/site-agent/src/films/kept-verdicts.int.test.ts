import { existsSync } from 'node:fs';
import { appendFile, copyFile, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { writeFilms } from '../sources/test-films.fixture.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { collectVerdicts } from './ingest-folder.ts';
import { streamSource } from './ingest-source.ts';
import { readSource } from './source.ts';

const temporaryFolder = useTemporaryFolders();

let folder: string;
let home: Home;
let films: string[];
const WHEN = new Date('2024-01-02T03:04:05Z');

beforeEach(async () => {
  folder = await temporaryFolder();
  home = await openHome(await temporaryFolder(), { create: true });
  films = (await writeFilms(folder, 3)).films.map(({ path }) => path);
  for (const path of films) await utimes(path, WHEN, WHEN);
  await writeFile(join(folder, 'ZZCANARY.txt'), 'no film');
});

async function ingest(verdicts: 'keep' | 'renew' = 'keep') {
  const decided = await collectVerdicts(
    streamSource(home, { source: await readSource(folder), fit: 'squeeze', verdicts }),
  );
  return decided.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Another content of the same size and time, which nobody looks at. */
async function overwriteUnseen(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc((await stat(path)).size));
  await utimes(path, WHEN, WHEN);
}

it('a file that has not changed is not read again, and its verdict is the same in every word', async () => {
  const first = await ingest();
  expect(first.map(({ code }) => code)).toEqual(['NOT_DICOM', null, null, null]);
  expect(first[1]!.sopInstanceUid).toMatch(/^[\d.]+$/);
  for (const path of films) await overwriteUnseen(path); // no reader could tell these any more
  expect(await ingest()).toEqual(first);
  expect((await ingest('renew')).map(({ code }) => code)).toEqual(Array(4).fill('NOT_DICOM'));
});

it('a file is read again when it, its label or the selection has changed, or the home lost its film', async () => {
  const first = await ingest();
  await writeFile(films[0]!, Buffer.alloc(500));
  expect((await ingest()).map(({ code }) => code)).toEqual(['NOT_DICOM', 'NOT_DICOM', null, null]);
  const square = join(home.folders.films, `${first[2]!.pixelSha256}.png`);
  await rm(square);
  await ingest();
  expect(existsSync(square)).toBe(true);
  await appendFile(join(folder, 'labels.csv'), 'x,normal\n');
  for (const path of films) await overwriteUnseen(path);
  expect((await ingest()).map(({ code }) => code)).toEqual(Array(4).fill('NOT_DICOM'));
  await writeFile(home.files.selection, '{"schema":"synspine.selection/1","sideMinPx":300}');
  await writeFilms(folder, 3);
  expect((await ingest()).map(({ code }) => code)).toEqual(['NOT_DICOM', ...Array(3).fill('TOO_SMALL')]);
});

it('a copy of a film whose verdict was kept is a duplicate of it', async () => {
  await ingest();
  await copyFile(films[0]!, join(folder, 'part-0', 'x.dcm'));
  expect((await ingest()).map(({ code }) => code)).toEqual(['NOT_DICOM', null, null, null, 'DUPLICATE']);
});

it('what is kept names no file and no instance', async () => {
  const [, { sopInstanceUid } = {}] = await ingest();
  const names = await readdir(home.folders.decided);
  const texts = await Promise.all(names.map((name) => readFile(join(home.folders.decided, name), 'utf8')));
  expect(texts.join('').split('\n').length).toBe(6); // what holds them, four files, and the end
  expect(texts.join('')).not.toMatch(new RegExp(`ZZCANARY|dcm|${sopInstanceUid}`));
});
