import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeDurably, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { SiteError } from '../site-error.ts';
import type { CatalogueFilm } from './catalogue.ts';
import { CLASS_NAMES } from './labels.ts';
import { loadMaster } from './master-image.ts';

/** Films at one size, in memory. `films[i]` is pixels [i·size², (i+1)·size²). */
export type FilmSet = {
  size: number;
  count: number;
  /** Gray bytes, [count, size, size]. */
  pixels: Uint8Array;
  /** Class numbers, in the order of CLASS_NAMES. */
  labels: Uint8Array;
  /** Keyed hashes: equal for films of one patient. */
  patients: readonly string[];
  pixelSha256: readonly string[];
};

type SetFile = {
  size: number;
  films: { pixelSha256: string; patientKey: string; label: number }[];
  pixelsSha256: string;
};

/** Writes films at `size` into `folder`, as NAME.json and NAME.u8. */
export async function writeFilmSet(
  home: Home,
  target: { folder: string; name: string; size: number },
  films: readonly CatalogueFilm[],
  onFilm: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { folder, name, size } = target;
  const pixels = new Uint8Array(films.length * size * size);
  for (const [i, film] of films.entries()) {
    pixels.set(await loadMaster(home, film.pixelSha256, size), i * size * size);
    await onFilm();
  }
  const rows = films.map(({ pixelSha256, patientKey, label }) => ({
    pixelSha256,
    patientKey,
    label: CLASS_NAMES.indexOf(label),
  }));
  await writeDurably(join(folder, `${name}.u8`), pixels);
  await writeJson(join(folder, `${name}.json`), {
    size,
    films: rows,
    pixelsSha256: sha256(pixels),
  } satisfies SetFile);
}

/** Reads what {@link writeFilmSet} wrote. Throws RUN_FILE_DAMAGED. */
export async function readFilmSet(folder: string, name: string): Promise<FilmSet> {
  const file = await readJson<SetFile>(join(folder, `${name}.json`));
  if (!file) throw new SiteError('RUN_FILE_DAMAGED', `films of ${name}`);
  const pixels = new Uint8Array(await readFile(join(folder, `${name}.u8`)));
  if (sha256(pixels) !== file.pixelsSha256) throw new SiteError('RUN_FILE_DAMAGED', `pixels of ${name}`);
  return {
    size: file.size,
    count: file.films.length,
    pixels,
    labels: Uint8Array.from(file.films, ({ label }) => label),
    patients: file.films.map(({ patientKey }) => patientKey),
    pixelSha256: file.films.map(({ pixelSha256 }) => pixelSha256),
  };
}

/** The films at `rows`, in that order. */
export function selectFilms(set: FilmSet, rows: readonly number[]): FilmSet {
  const area = set.size * set.size;
  const pixels = new Uint8Array(rows.length * area);
  for (const [i, row] of rows.entries())
    pixels.set(set.pixels.subarray(row * area, (row + 1) * area), i * area);
  return {
    size: set.size,
    count: rows.length,
    pixels,
    labels: Uint8Array.from(rows, (row) => set.labels[row]!),
    patients: rows.map((row) => set.patients[row]!),
    pixelSha256: rows.map((row) => set.pixelSha256[row]!),
  };
}

/** Two sets of the same size, one after the other. */
export function joinFilms(first: FilmSet, second: FilmSet): FilmSet {
  return {
    size: first.size,
    count: first.count + second.count,
    pixels: new Uint8Array(Buffer.concat([first.pixels, second.pixels])),
    labels: Uint8Array.from([...first.labels, ...second.labels]),
    patients: [...first.patients, ...second.patients],
    pixelSha256: [...first.pixelSha256, ...second.pixelSha256],
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
