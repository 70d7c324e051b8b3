import type { Fit } from '@synspine/dicom';
import { appendLines, readLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import type { Label } from './labels.ts';

/** One usable film, as the home keeps it: hashes, a label and the name of its square image. */
export type CatalogueFilm = {
  /** Hash of the decoded pixels; also names the square image, `films/HASH.png`. */
  pixelSha256: string;
  /** Keyed hashes: the identifiers themselves aren't kept. */
  patientKey: string;
  filmKey: string;
  fileSha256: string;
  label: Label;
  rows: number;
  columns: number;
  fit: Fit;
};

/** The films of a home. A later line about the same film replaces an earlier one (a corrected label). */
export type Catalogue = {
  films(): CatalogueFilm[];
  byPixels(pixelSha256: string): CatalogueFilm | undefined;
  byFilm(filmKey: string): CatalogueFilm | undefined;
  add(film: CatalogueFilm): void;
  /** Writes what was added; until then a crash loses it, and ingesting again brings it back. */
  save(): Promise<void>;
};

/** Opens the home's catalogue. Ordered by pixel hash, so that nothing depends on when a film came. */
export async function openCatalogue(home: Home): Promise<Catalogue> {
  const byPixels = new Map<string, CatalogueFilm>();
  const byFilm = new Map<string, CatalogueFilm>();
  const unsaved: CatalogueFilm[] = [];
  const keep = (film: CatalogueFilm) => {
    byPixels.set(film.pixelSha256, film);
    byFilm.set(film.filmKey, film);
  };
  for (const film of await readLines<CatalogueFilm>(home.files.catalogue)) keep(film);
  return {
    films: () => [...byPixels.values()].sort((a, b) => (a.pixelSha256 < b.pixelSha256 ? -1 : 1)),
    byPixels: (hash) => byPixels.get(hash),
    byFilm: (key) => byFilm.get(key),
    add: (film) => {
      keep(film);
      unsaved.push(film);
    },
    save: () => appendLines(home.files.catalogue, unsaved.splice(0)),
  };
}
