import { type BurnedInTextPolicy, cleanFilm } from './burned-in-text/clean-film.ts';
import type { TextModels } from './burned-in-text/models.ts';
import { type FilmFacts, type ReadFilmOptions, readFilm } from './read-film.ts';
import { type Refusal, refuse } from './refusals.ts';
import { type TrainingImageOptions, toTrainingImage } from './training-image.ts';

/** A film as training sees it: what the home keeps of it, without its full-size pixels. */
export type SquareFilm = FilmFacts & {
  ok: true;
  /** size·size gray bytes, row-major. */
  square: Uint8Array;
  /** Boxes of text that were painted over before the film was made square. */
  maskedBoxes: number;
};

export type SquareFilmOptions = ReadFilmOptions & {
  image: TrainingImageOptions;
  /** Default `mask`. */
  burnedInText?: BurnedInTextPolicy;
};

/**
 * Reads a film from untrusted bytes, cleans it of text that could name somebody and makes it square: all that a film
 * reader's child does with a file. See readFilm; refuses with BURNED_IN_TEXT as well.
 */
export async function readSquareFilm(
  bytes: Uint8Array,
  { image, burnedInText = 'mask', ...options }: SquareFilmOptions,
  models: TextModels,
): Promise<SquareFilm | Refusal> {
  const film = await readFilm(bytes, options);
  if (!film.ok) return film;
  const { pixels, ...facts } = film;
  const { sopInstanceUid, pixelSha256, rows, columns } = facts;
  const picture = { rows, columns, gray: pixels };
  const clean = await cleanFilm(models, picture, { policy: burnedInText, isSuspected: facts.saysBurnedIn });
  if (!clean)
    return { ...refuse('select', 'BURNED_IN_TEXT'), facts: { sopInstanceUid, pixelSha256, rows, columns } };
  const square = await toTrainingImage({ rows, columns, pixels: clean.gray }, image);
  return { ...facts, maskedBoxes: clean.maskedBoxes, square };
}
