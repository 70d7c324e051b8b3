import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { encodeGray, MASTER_SIZE } from '../../apps/site-agent/src/films/master-image.ts';
import type { TextModels } from '../../packages/dicom/src/burned-in-text/models.ts';
import { loadTextModels, readFilm, readSquareFilm, toTrainingImage } from '../../packages/dicom/src/index.ts';

/** Reads films as a film reader's child does, with the search for text or without, and writes them as the agent does. */
export type FilmTask = { path: string; out: string; isWhole: boolean };

const image = { size: MASTER_SIZE, fit: 'centre-square' } as const;

let models: Promise<TextModels> | null = null; // loaded by the first film, which is in no measured round

async function read({ path, out, isWhole }: FilmTask): Promise<void> {
  const square = isWhole ? await readWhole(path) : await readOnly(path);
  await writeFile(join(out, `${basename(path, '.dcm')}.png`), await encodeGray(square, MASTER_SIZE));
}

async function readWhole(path: string): Promise<Uint8Array> {
  models ??= loadTextModels();
  const film = await readSquareFilm(await readFile(path), { image }, await models);
  if (!film.ok) throw new Error(`${film.code} for ${path}`);
  return film.square;
}

async function readOnly(path: string): Promise<Uint8Array> {
  const film = await readFilm(await readFile(path));
  if (!film.ok) throw new Error(`${film.code} for ${path}`);
  return toTrainingImage(film, image);
}

async function answer(task: FilmTask): Promise<void> {
  try {
    await read(task);
    process.send!({ done: true });
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

let last = Promise.resolve(); // one film at a time, in order
process.on('message', (task: FilmTask) => {
  last = last.then(() => answer(task));
});
process.on('disconnect', () => process.exit());
