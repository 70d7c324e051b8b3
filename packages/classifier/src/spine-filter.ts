import { ClassifierError } from './classifier-error.ts';

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

function fitDistance(rows: readonly Float64Array[]): (row: Float64Array) => number {
  const mean = rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
  const centred = rows.map((row) => row.map((v, i) => v - mean[i]!));
  const factor = choleskyFactor(shrunkCovariance(centred));
  return (row) =>
    solveLower(
      factor,
      row.map((v, i) => v - mean[i]!),
    ).reduce((sum, v) => sum + v * v, 0);
}

/** (1 − λ) S + λ m I as lower rows, S = XᵀX / n, m its mean variance and λ as in Ledoit & Wolf (2004), lemma 3.3 ff. */
function shrunkCovariance(centred: readonly Float64Array[]): Float64Array[] {
  const [count, width] = [centred.length, centred[0]!.length];
  const lower = Array.from({ length: width }, (_, i) => new Float64Array(i + 1));
  for (const row of centred)
    for (let i = 0; i < width; i++) {
      const [into, factor] = [lower[i]!, row[i]! / count];
      for (let j = 0; j <= i; j++) into[j]! += factor * row[j]!;
    }
  const variance = lower.reduce((sum, row) => sum + row.at(-1)!, 0) / width;
  const norm = lower.reduce((sum, row, i) => sum + 2 * squares(row) - row[i]! ** 2, 0); // ‖S‖²
  const spread = centred.reduce((sum, row) => sum + squares(row) ** 2, 0) / count - norm; // of x xᵀ around S
  const lambda = Math.min(1, Math.max(1e-3, spread / count / (norm - width * variance ** 2)));
  return lower.map((row, i) => row.map((v, j) => (1 - lambda) * v + (i === j ? lambda * variance : 0)));
}

const squares = (row: Float64Array) => row.reduce((sum, v) => sum + v * v, 0);

/** L with L Lᵀ = the symmetric matrix whose lower rows are given. */
function choleskyFactor(lower: readonly Float64Array[]): Float64Array[] {
  const factor = lower.map((row) => row.slice());
  for (let i = 0; i < factor.length; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [factor[i]!, factor[j]!];
      let sum = a[j]!;
      for (let k = 0; k < j; k++) sum -= a[k]! * b[k]!;
      a[j] = i === j ? Math.sqrt(sum) : sum / b[j]!;
    }
  return factor;
}

/** L⁻¹ x. */
function solveLower(factor: readonly Float64Array[], x: Float64Array): Float64Array {
  const out = x.slice();
  for (let i = 0; i < out.length; i++) {
    const row = factor[i]!;
    let sum = out[i]!;
    for (let k = 0; k < i; k++) sum -= row[k]! * out[k]!;
    out[i] = sum / row[i]!;
  }
  return out;
}
