import { joinRows } from '@synspine/metrics';
import { aligned } from '@synspine/privacy';
import type { TrainingFilms } from '../../films/training-films.ts';

/** Vectors in rows: `data` is [rows, columns]. */
export type Rows = { data: Float32Array | Float64Array; rows: number; columns: number };

/**
 * How often a synthetic image lies nearer to training than to validation, 0 to 1; 1/2 when the generator knows nothing
 * of its training films in particular. The larger training set is compared at the size of the validation set: for
 * each image, the exact chance over all its subsets of that size (hypergeometric, no drawing).
 */
export function copyShare(synthetic: Rows, train: Rows, validation: Rows): number {
  let sum = 0;
  for (let row = 0; row < synthetic.rows; row++) {
    const nearest = Math.min(...distances(synthetic, row, validation));
    const nearer = distances(synthetic, row, train).filter((distance) => distance < nearest).length;
    sum += chanceOfAny(nearer, train.rows, Math.min(train.rows, validation.rows));
  }
  return sum / synthetic.rows;
}

/** The calibrated share of a set of images, 0 to 1; see {@link calibrateCopyShare}. */
export type CopySignal = (synthetic: Rows) => number;

/**
 * {@link copyShare} with what the films themselves explain taken off: 1/2 is what a generator gets that samples like a hospital whose
 * patients it has not seen. A small validation set is seldom typical. When its films lie apart, everything lies nearer to training: on
 * one site of 105 films the share of an untrained generator was .67. The same share of each training film, against the other
 * patients' films, says how far apart they lie. `patients`: one key for each training film.
 */
export function calibrateCopyShare(train: Rows, validation: Rows, patients: readonly string[]): CopySignal {
  const ofStrangers = shareOfStrangers(train, validation, patients);
  return (synthetic) => 0.5 + copyShare(synthetic, train, validation) - ofStrangers;
}

/** How often a training film lies nearer to another patient's training film than to validation, at equal numbers. */
function shareOfStrangers(train: Rows, validation: Rows, patients: readonly string[]): number {
  let sum = 0;
  for (let row = 0; row < train.rows; row++) {
    const nearest = Math.min(...distances(train, row, validation));
    const others = distances(train, row, train).filter((_, other) => patients[other] !== patients[row]);
    const nearer = others.filter((distance) => distance < nearest).length;
    sum += chanceOfAny(nearer, others.length, Math.min(others.length, validation.rows));
  }
  return sum / train.rows;
}

/** Chance that a draw of `drawn` from `total`, without replacement, holds any of `marked`. */
export function chanceOfAny(marked: number, total: number, drawn: number): number {
  let none = 1;
  for (let i = 0; i < marked; i++) none *= Math.max(0, total - drawn - i) / (total - i);
  return 1 - none;
}

function distances(left: Rows, row: number, right: Rows): Float64Array {
  const { columns } = left;
  const start = row * columns;
  return Float64Array.from({ length: right.rows }, (_, other) => {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += (left.data[start + i]! - right.data[other * columns + i]!) ** 2;
    return sum;
  });
}

const COMPARED_SIZE = 32; // finer detail is noise to a pixel distance, and costs its square

/** Gray images [count, size, size] as rows of means over blocks, at most 32×32 each. */
export function toPixelRows(pixels: Uint8Array, size: number): Rows {
  const block = Math.max(1, size / COMPARED_SIZE);
  const side = size / block;
  const rows = pixels.length / size ** 2;
  const data = new Float32Array(rows * side * side);
  for (let i = 0; i < pixels.length; i++) {
    const [image, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    data[(image * side + Math.floor(y / block)) * side + Math.floor(x / block)]! +=
      pixels[i]! / (255 * block ** 2);
  }
  return { data, rows, columns: side * side };
}

/** {@link CopySignal} of gray images [count, size, size] by their pixels. */
export type PixelSignal = (images: Uint8Array) => number;

export function pixelSignal({ train, validation }: TrainingFilms, size: number): PixelSignal {
  const rows = (pixels: Uint8Array) => toPixelRows(pixels, size);
  const copyShare = calibrateCopyShare(rows(train.pixels), rows(validation.pixels), train.patients);
  return (images) => copyShare(rows(images));
}

/**
 * {@link CopySignal} by a network's features, films and images each aligned as the audit's closeness aligns them. By plain distances
 * a few films that lie on the side of the generator's error decide (docs/decisions/site-runs.md).
 */
export function featureSignal(train: Rows, validation: Rows, patients: readonly string[]): CopySignal {
  const films = aligned(joinRows(train, validation));
  const copyShare = calibrateCopyShare(
    rowsOf(films, 0, train.rows),
    rowsOf(films, train.rows, films.rows),
    patients,
  );
  return (images) => copyShare(aligned(images));
}

function rowsOf({ data, columns }: Rows, from: number, to: number): Rows {
  return { data: data.subarray(from * columns, to * columns), rows: to - from, columns };
}
