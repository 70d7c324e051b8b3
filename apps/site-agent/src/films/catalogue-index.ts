import { appendLines, createLineReader, streamLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { type CatalogueFilm, readFilmLine } from './catalogue.ts';

/**
 * The catalogue as an ingest needs it: 100,000 films take some 10 MB, since only places in the file are kept in memory.
 */
export type CatalogueIndex = {
  /** How the films of this home were cut; undefined while there are none. */
  fit: CatalogueFilm['fit'] | undefined;
  byPixels(pixelSha256: string): Promise<CatalogueFilm | undefined>;
  byFilm(filmKey: string): Promise<CatalogueFilm | undefined>;
  add(film: CatalogueFilm): void;
  /** Writes what was added; until then a crash loses it, and ingesting again brings it back. */
  save(): Promise<void>;
  close(): Promise<void>;
};

type Key = 'pixelSha256' | 'filmKey';

export async function openCatalogueIndex(home: Home): Promise<CatalogueIndex> {
  const path = home.files.catalogue;
  const places = { pixelSha256: new Map<number, number>(), filmKey: new Map<number, number>() };
  const unsaved: CatalogueFilm[] = [];
  const lines = createLineReader(path);
  const note = (film: CatalogueFilm, at: number) => {
    places.pixelSha256.set(shorten(film.pixelSha256), at);
    places.filmKey.set(shorten(film.filmKey), at);
  };
  const find = async (key: Key, hash: string): Promise<CatalogueFilm | undefined> => {
    const recent = unsaved.findLast((film) => film[key] === hash);
    const at = recent ? undefined : places[key].get(shorten(hash));
    if (at === undefined) return recent;
    const film = readFilmLine(await lines.read<CatalogueFilm>(at));
    return film[key] === hash ? film : undefined;
  };
  const index: CatalogueIndex = {
    fit: undefined,
    byPixels: (hash) => find('pixelSha256', hash),
    byFilm: (key) => find('filmKey', key),
    add: (film) => {
      index.fit ??= film.fit;
      unsaved.push(film);
    },
    save: async () => {
      const films = [...unsaved];
      const starts = await appendLines(path, films);
      unsaved.splice(0, films.length); // only now: a full disk throws above
      for (const [i, film] of films.entries()) note(film, starts[i]!);
    },
    close: () => lines.close(),
  };
  for await (const { value, at } of streamLines<CatalogueFilm>(path)) {
    note(value, at);
    index.fit ??= value.fit;
  }
  return index;
}

/** Each film of the catalogue once, by its last line; of the others only places in the file are in memory. */
export async function* streamCatalogue(home: Home): AsyncGenerator<CatalogueFilm> {
  const lastPlaces = new Map<number, number>();
  for await (const { value, at } of streamLines<CatalogueFilm>(home.files.catalogue))
    lastPlaces.set(shorten(value.pixelSha256), at);
  for await (const { value, at } of streamLines<CatalogueFilm>(home.files.catalogue))
    if (lastPlaces.get(shorten(value.pixelSha256)) === at) yield readFilmLine(value);
}

/** The first 52 bits, as a number: exact in a double. Two films that share them are told apart by their lines. */
export function shorten(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}
