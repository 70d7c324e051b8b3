import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeDurably, writeJson } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { SiteError } from '../site-error.ts';
import type { CatalogueFilm } from './catalogue.ts';
import { LABEL_SCHEMES, toBinaryLabels } from './label-schemes.ts';
import { loadMaster } from './master-image.ts';

/** Films at one size, in memory. `films[i]` is pixels [i·size², (i+1)·size²). */
export type FilmSet = {
  size: number;
  count: number;
  /** Gray bytes, [count, size, size]. */
  pixels: Uint8Array;
  /** The run's classes, in the order of the conditions. */
  classNames: readonly string[];
  /** Class numbers. */
  labels: Uint8Array;
  /** Keyed hashes: equal for films of one patient. */
  patients: readonly string[];
  pixelSha256: readonly string[];
};

type SetFile = {
  size: number;
  classNames?: readonly string[]; // absent in a run of an agent that knew two labels only
  films: { pixelSha256: string; patientKey: string; label: number }[];
  pixelsSha256: string;
};

/** A film with the class that it has in a run. */
export type ClassedFilm = CatalogueFilm & { className: string };

/** Writes films at `size` into `folder`, as NAME.json and NAME.u8. */
export async function writeFilmSet(
  home: Home,
  target: { folder: string; name: string; size: number; classNames: readonly string[] },
  films: readonly ClassedFilm[],
  onFilm: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { folder, name, size, classNames } = target;
  const pixels = new Uint8Array(films.length * size * size);
  for (const [i, film] of films.entries()) {
    pixels.set(await loadMaster(home, film.pixelSha256, size), i * size * size);
    await onFilm();
  }
  const rows = films.map(({ pixelSha256, patientKey, className }) => ({
    pixelSha256,
    patientKey,
    label: classNames.indexOf(className),
  }));
  await writeDurably(join(folder, `${name}.u8`), pixels);
  await writeJson(join(folder, `${name}.json`), {
    size,
    classNames,
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
    classNames: file.classNames ?? LABEL_SCHEMES.binary.classNames,
    labels: Uint8Array.from(file.films, ({ label }) => label),
    patients: file.films.map(({ patientKey }) => patientKey),
    pixelSha256: file.films.map(({ pixelSha256 }) => pixelSha256),
  };
}

/** How many films each of the run's classes has. */
export function filmsOfClasses({ classNames, labels }: FilmSet): number[] {
  return classNames.map((_, number) => labels.filter((label) => label === number).length);
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
    classNames: set.classNames,
    labels: Uint8Array.from(rows, (row) => set.labels[row]!),
    patients: rows.map((row) => set.patients[row]!),
    pixelSha256: rows.map((row) => set.pixelSha256[row]!),
  };
}

/** The same films as normal and abnormal. */
export function toBinaryFilms(set: FilmSet): FilmSet {
  return {
    ...set,
    classNames: LABEL_SCHEMES.binary.classNames,
    labels: toBinaryLabels(set.labels, set.classNames),
  };
}

/** Two sets of the same size and classes, one after the other. */
export function joinFilms(first: FilmSet, second: FilmSet): FilmSet {
  return {
    size: first.size,
    count: first.count + second.count,
    pixels: new Uint8Array(Buffer.concat([first.pixels, second.pixels])),
    classNames: first.classNames,
    labels: Uint8Array.from([...first.labels, ...second.labels]),
    patients: [...first.patients, ...second.patients],
    pixelSha256: [...first.pixelSha256, ...second.pixelSha256],
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
