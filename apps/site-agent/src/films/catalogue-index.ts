import { appendLines, createLineReader, streamLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import {
  type CatalogueFilm,
  type CatalogueLine,
  isRemoval,
  type RemovedFilm,
  readFilmLine,
} from './catalogue.ts';

/**
 * The catalogue as an ingest needs it: 100,000 films take some 10 MB, since only places in the file are kept in memory.
 */
export type CatalogueIndex = {
  /** How the films of this home were cut; undefined while there are none. */
  fit: CatalogueFilm['fit'] | undefined;
  byPixels(pixelSha256: string): Promise<CatalogueFilm | undefined>;
  byFilm(filmKey: string): Promise<CatalogueFilm | undefined>;
  /** Saved films that were taken when nothing could be said about their look. */
  untoldFilms(): AsyncGenerator<CatalogueFilm>;
  add(film: CatalogueFilm): void;
  remove(film: CatalogueFilm): void;
  /** Writes what was added; until then a crash loses it, and ingesting again brings it back. */
  save(): Promise<void>;
  close(): Promise<void>;
};

type Key = 'pixelSha256' | 'filmKey';

export async function openCatalogueIndex(home: Home): Promise<CatalogueIndex> {
  const path = home.files.catalogue;
  const places = createPlaces();
  const unsaved: (CatalogueFilm | RemovedFilm)[] = [];
  const lines = createLineReader(path);
  const find = async (key: Key, hash: string): Promise<CatalogueFilm | undefined> => {
    const recent = unsaved.findLast((line) => line[key] === hash);
    if (recent) return isRemoval(recent) ? undefined : recent;
    const at = places[key].get(shorten(hash));
    if (at === undefined) return undefined;
    const film = readFilmLine(await lines.read<CatalogueFilm>(at));
    return film[key] === hash ? film : undefined;
  };
  const index: CatalogueIndex = {
    fit: undefined,
    byPixels: (hash) => find('pixelSha256', hash),
    byFilm: (key) => find('filmKey', key),
    untoldFilms: async function* () {
      for (const at of [...places.untold.values()]) yield readFilmLine(await lines.read<CatalogueFilm>(at));
    },
    add: (film) => {
      index.fit ??= film.fit;
      unsaved.push(film);
    },
    remove: ({ pixelSha256, filmKey }) => {
      unsaved.push({ pixelSha256, filmKey, removed: new Date().toISOString() });
    },
    save: async () => {
      const films = [...unsaved];
      const starts = await appendLines(path, films);
      unsaved.splice(0, films.length); // only now: a full disk throws above
      for (const [i, film] of films.entries()) places.note(film, starts[i]!);
    },
    close: () => lines.close(),
  };
  for await (const { value, at } of streamLines<CatalogueLine>(path)) {
    places.note(value, at);
    if (!isRemoval(value)) index.fit ??= value.fit;
  }
  return index;
}

/** Where the last line on each film begins, by its shortened hashes. */
function createPlaces() {
  const pixelSha256 = new Map<number, number>();
  const filmKey = new Map<number, number>();
  const untold = new Map<number, number>(); // of `pixelSha256`, those whose look nobody could tell
  const note = (line: CatalogueLine, at: number) => {
    const [pixels, film] = [shorten(line.pixelSha256), shorten(line.filmKey)];
    untold.delete(pixels);
    if (isRemoval(line)) {
      pixelSha256.delete(pixels);
      filmKey.delete(film);
      return;
    }
    pixelSha256.set(pixels, at);
    filmKey.set(film, at);
    if ('selection' in line && line.selection?.look === 'untold') untold.set(pixels, at);
  };
  return { pixelSha256, filmKey, untold, note };
}

/** Each film of the catalogue once, by its last line; of the others only places in the file are in memory. */
export async function* streamCatalogue(home: Home): AsyncGenerator<CatalogueFilm> {
  const lastPlaces = new Map<number, number>();
  for await (const { value, at } of streamLines<CatalogueLine>(home.files.catalogue))
    lastPlaces.set(shorten(value.pixelSha256), at);
  for await (const { value, at } of streamLines<CatalogueLine>(home.files.catalogue)) {
    const isLast = lastPlaces.get(shorten(value.pixelSha256)) === at;
    if (isLast && !isRemoval(value)) yield readFilmLine(value);
  }
}

/** The first 52 bits, as a number: exact in a double. Two films that share them are told apart by their lines. */
export function shorten(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}
