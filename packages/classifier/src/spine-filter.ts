import { ClassifierError } from './classifier-error.ts';
import { fitDistance } from './film-distance.ts';

/** What the filter learns a film's look from: square 8-bit images, n·size·size bytes each. */
export type FilterFilms = {
  /** Fits the mean film and how films differ from it. */
  training: Uint8Array;
  /** Films of other patients: they say how far from the mean a film may lie. */
  validation: Uint8Array;
  size: number;
  /** Share of films like the validation films that shall pass; default 0.99. */
  quantile?: number;
};

/** n·size·size bytes → a byte an image: 1 keeps it, 0 rejects it. Throws `SHAPE_MISMATCH`. */
export type SpineFilter = (images: Uint8Array) => Uint8Array;

/** Side at which images are compared. At 32 fewer real films with half of the body missing were found. */
const SIDE = 16;
/** Of the flattest validation film's: an image without contrast would lie near the mean film, whatever it shows. */
const CONTRAST_SHARE = 0.5;

/**
 * Learns to tell spine radiographs from other images without an example of another image: the Mahalanobis distance of
 * the standardised image from the mean film, with Ledoit and Wolf's (2004) covariance, at 16 × 16 pixels. An image passes
 * that lies no farther than the stated quantile of the validation films and has at least half their least contrast.
 * Deterministic; under a second.
 * It sees layout, not detail or laterality: a mirrored spine, or two films blended, can pass.
 * Throws `SIZE_UNSUPPORTED`, `SHAPE_MISMATCH` or `TOO_FEW_IMAGES`.
 */
export function createSpineFilter({ training, validation, size, quantile = 0.99 }: FilterFilms): SpineFilter {
  const films = toRows(training, size);
  const others = toRows(validation, size);
  if (films.length < 2 || others.length < 1) throw new ClassifierError('TOO_FEW_IMAGES');
  const distance = fitDistance(films.map(standardise));
  const limit = upperQuantile(
    others.map((film) => distance(standardise(film))),
    quantile,
  );
  const contrast = CONTRAST_SHARE * Math.min(...others.map(deviationOf));
  const passes = (row: Float64Array) => deviationOf(row) >= contrast && distance(standardise(row)) <= limit;
  return (images) => Uint8Array.from(toRows(images, size), (row) => Number(passes(row)));
}

/** The ⌈q(n + 1)⌉-th smallest: a film like the n others passes with probability q; the largest where n is too small. */
function upperQuantile(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(quantile * (sorted.length + 1)))) - 1]!;
}

/** Images as vectors: averaged over squares to at most 16 × 16. */
function toRows(images: Uint8Array, size: number): Float64Array[] {
  const side = Math.min(SIDE, size);
  if (!Number.isInteger(size / side)) throw new ClassifierError('SIZE_UNSUPPORTED', `${size} px`);
  const count = images.length / size ** 2;
  if (!Number.isInteger(count)) throw new ClassifierError('SHAPE_MISMATCH', `images of ${size} px`);
  return Array.from({ length: count }, (_, i) =>
    shrink(images.subarray(i * size ** 2, (i + 1) * size ** 2), size, side),
  );
}

function shrink(image: Uint8Array, size: number, side: number): Float64Array {
  const [small, square] = [new Float64Array(side ** 2), size / side];
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      small[Math.floor(y / square) * side + Math.floor(x / square)]! += image[y * size + x]! / square ** 2;
  return small;
}

const meanOf = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;

function deviationOf(values: Float64Array): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}

/** To mean 0 and variance 1, so that exposure doesn't matter. */
function standardise(values: Float64Array): Float64Array {
  const [mean, deviation] = [meanOf(values), deviationOf(values)];
  return values.map((v) => (v - mean) / (deviation + 1)); // + 1: rounding isn't blown up
}
