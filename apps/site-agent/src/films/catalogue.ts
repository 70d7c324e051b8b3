import type { FilmContent, Fit } from '@synspine/dicom';
import { appendLines, readLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { type FilmFinding, UNSPECIFIED_FINDING } from './label-schemes.ts';
import type { Look } from './look/learn-look.ts';

/** By which modality, region and view a film was selected. `classifier` saw the view where no tag told it. */
export type FilmSelection = Omit<FilmContent, 'viewRule'> & {
  modality: string;
  viewRule: FilmContent['viewRule'] | 'classifier';
  /** Whether its pixels look like the site's other films; absent where nobody looked. */
  look?: Look;
};

/** One usable film, as the home keeps it: hashes, what was found on it and the name of its square image. */
export type CatalogueFilm = {
  /** Hash of the decoded pixels; also names the square image, `films/HASH.png`. */
  pixelSha256: string;
  /** Keyed hashes: the identifiers themselves aren't kept. */
  patientKey: string;
  filmKey: string;
  fileSha256: string;
  findings: FilmFinding[];
  /** Set when the data set's authors hold this film out: then this site does, too. */
  part?: 'hold-out';
  rows: number;
  columns: number;
  fit: Fit;
  /** What the film was taken to show, and which rule said so; absent in lines of agents that did not look. */
  selection?: FilmSelection;
  /** Boxes of text painted over; absent in lines of agents that did not look for text. */
  maskedBoxes?: number;
};

/** A line as agents wrote it that knew two labels only. */
type EarlierFilm = Omit<CatalogueFilm, 'findings'> & { label: 'normal' | 'abnormal' };

/** Takes a film out of the catalogue. Its square image stays: runs that were made from it open it again. */
export type RemovedFilm = Pick<CatalogueFilm, 'pixelSha256' | 'filmKey'> & { removed: string };

export type CatalogueLine = CatalogueFilm | EarlierFilm | RemovedFilm;

export function isRemoval(line: CatalogueLine): line is RemovedFilm {
  return 'removed' in line;
}

/** A stored film in its present form. */
export function readFilmLine(line: CatalogueFilm | EarlierFilm): CatalogueFilm {
  if ('findings' in line) return line;
  const { label, ...film } = line;
  return { ...film, findings: [label === 'normal' ? 'No finding' : UNSPECIFIED_FINDING] };
}

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
  const forget = ({ pixelSha256, filmKey }: RemovedFilm) => {
    byPixels.delete(pixelSha256);
    byFilm.delete(filmKey);
  };
  for (const line of await readLines<CatalogueLine>(home.files.catalogue)) {
    if (isRemoval(line)) forget(line);
    else keep(readFilmLine(line));
  }
  return {
    films: () => [...byPixels.values()].sort((a, b) => (a.pixelSha256 < b.pixelSha256 ? -1 : 1)),
    byPixels: (hash) => byPixels.get(hash),
    byFilm: (key) => byFilm.get(key),
    add: (film) => {
      keep(film);
      unsaved.push(film);
    },
    save: async () => {
      await appendLines(home.files.catalogue, unsaved.splice(0));
    },
  };
}
