import { type FilmFacts, type ReadFilmOptions, readFilm } from './read-film.ts';
import type { Refusal } from './refusals.ts';
import { type TrainingImageOptions, toTrainingImage } from './training-image.ts';

/** A film as training sees it: what the home keeps of it, without its full-size pixels. */
export type SquareFilm = FilmFacts & {
  ok: true;
  /** size·size gray bytes, row-major. */
  square: Uint8Array;
};

export type SquareFilmOptions = ReadFilmOptions & { image: TrainingImageOptions };

/** Reads a film from untrusted bytes and makes it square: all that a film reader's child does with a file. See readFilm. */
export async function readSquareFilm(
  bytes: Uint8Array,
  { image, ...options }: SquareFilmOptions,
): Promise<SquareFilm | Refusal> {
  const film = await readFilm(bytes, options);
  if (!film.ok) return film;
  const { pixels, ...facts } = film;
  return { ...facts, square: await toTrainingImage({ ...facts, pixels }, image) };
}
