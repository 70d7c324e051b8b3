import sharp, { type Sharp } from 'sharp';
import type { Film } from './read-film.ts';

/** 'centre-square' is the paper's crop, 'letterbox' keeps the whole film with black bars, 'squeeze' gives up its aspect. */
export type Fit = 'centre-square' | 'letterbox' | 'squeeze';

export type TrainingImageOptions = { size: number; fit: Fit };

const SHARP_FIT = { 'centre-square': 'cover', letterbox: 'contain', squeeze: 'fill' } as const;

/**
 * Turns a film into what the networks see: size·size bytes of gray, row-major. Shrinking averages over areas, so that
 * fine structure does not turn into noise as with the paper's nearest neighbour.
 */
export async function toTrainingImage(
  film: Pick<Film, 'rows' | 'columns' | 'pixels'>,
  { size, fit }: TrainingImageOptions,
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`size must be a positive integer, got ${size}`);
  const raw: Sharp = sharp(film.pixels, { raw: { width: film.columns, height: film.rows, channels: 1 } });
  const resized = raw.resize(size, size, {
    fit: SHARP_FIT[fit],
    background: '#000',
    fastShrinkOnLoad: false,
  });
  const { data } = await resized.toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return new Uint8Array(data);
}
