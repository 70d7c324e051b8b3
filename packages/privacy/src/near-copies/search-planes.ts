import { tf } from '@synspine/compute';
import { countOf, type ImageSet } from '../sample-set.ts';

/** Sides of the three grids of the search, in pixels: to find candidates, to register them, and to judge them. */
export const COARSE = 16;
export const MIDDLE = 32;
const FINE_MAX = 64; // more pixels add cost, not certainty: copies differ from look-alikes by coarser detail already

/** Gaussian σ in 1/32 of the side: what is slower than the second is exposure and outline, what is faster than the first is noise. */
const MIDDLE_BAND = [0.9, 2] as const; // sees through noise and blur
const FINE_BAND = [0.5, 1.5] as const; // tells look-alikes apart
const SOFT_BAND = [1.5, 2.3] as const; // the middle band of a film blurred by 1.2: what a blurred copy has left

const BATCH = 256; // images at once: 64 MiB at 256 px

/** Gray planes of a set at one size, in rows: `values` is [count, side, side]. */
export type PlaneStack = { values: Float32Array; side: number };

/** What the search sees of images: bands of detail, which exposure doesn't change. `coarse` is `middle` at half the size. */
export type SearchPlanes = Record<'coarse' | 'soft' | 'middle' | 'fine', PlaneStack> & { count: number };

/** Every plane is a product of matrices, A · image · Aᵀ, less another: averaging to a size, then two Gaussian blurs. */
export function searchPlanes(set: ImageSet): SearchPlanes {
  const { size } = set;
  const count = countOf(set);
  const fine = Math.min(FINE_MAX, size);
  const [toMiddle, toFine, toCoarse] = [average(size, MIDDLE), average(size, fine), average(MIDDLE, COARSE)];
  const ofMiddle = (band: readonly [number, number]) =>
    filtered(
      set,
      count,
      bandOf(MIDDLE, band).map((blur) => product(blur, toMiddle)),
    );
  const middle = ofMiddle(MIDDLE_BAND);
  return {
    count,
    coarse: filtered({ images: middle.values, size: MIDDLE }, count, [toCoarse]),
    soft: ofMiddle(SOFT_BAND),
    middle,
    fine: filtered(
      set,
      count,
      bandOf(fine, FINE_BAND).map((blur) => product(blur, toFine)),
    ),
  };
}

/** Plane `row` of a stack. */
export function planeOf({ values, side }: PlaneStack, row: number): Float32Array {
  return values.subarray(row * side * side, (row + 1) * side * side);
}

type Matrix = { values: Float32Array; rows: number; columns: number };

/** First matrix less the second one, on both sides of each image. */
function filtered(
  { images, size }: { images: Uint8Array | Float32Array; size: number },
  count: number,
  matrices: readonly Matrix[],
): PlaneStack {
  const side = matrices[0]!.rows;
  const values = new Float32Array(count * side * side);
  for (let from = 0; from < count; from += BATCH) {
    const n = Math.min(BATCH, count - from);
    const part = tf.tidy(() => {
      const bytes = Float32Array.from(images.subarray(from * size * size, (from + n) * size * size));
      const batch = tf.tensor3d(bytes, [n, size, size]);
      const [kept, ...less] = matrices.map((matrix) => onBothSides(batch, matrix));
      return less.length === 0 ? kept! : softClip(tf.sub(kept!, less[0]!));
    });
    values.set(part.dataSync(), from * side * side);
    part.dispose();
  }
  return { values, side };
}

/** Bounds detail by ±1, so that a hard edge (of text, of a black border) weighs no more than bone: v / √(v² + s²) */
function softClip(detail: tf.Tensor): tf.Tensor {
  const typical = tf.square(tf.mean(tf.sqrt(tf.abs(detail)), [1, 2], true));
  return tf.div(detail, tf.sqrt(tf.add(tf.add(tf.square(detail), tf.square(tf.mul(typical, CLIP))), 1e-2)));
}

const CLIP = 2;

/** A X Aᵀ of each image. [n,size,size] → [n,rows,rows] */
function onBothSides(batch: tf.Tensor3D, { values, rows, columns }: Matrix): tf.Tensor {
  const n = batch.shape[0];
  const matrix = tf.tensor2d(values, [rows, columns]);
  const right = tf.matMul(tf.reshape(batch, [n * columns, columns]), matrix, false, true); // [n·columns,rows]
  const turned = tf.transpose(tf.reshape(right, [n, columns, rows]), [0, 2, 1]);
  const both = tf.matMul(tf.reshape(turned, [n * rows, columns]), matrix, false, true);
  return tf.transpose(tf.reshape(both, [n, rows, rows]), [0, 2, 1]);
}

function matrixOf(rows: number, columns: number, weight: (row: number, column: number) => number): Matrix {
  const values = Float32Array.from({ length: rows * columns }, (_, at) =>
    weight(Math.floor(at / columns), at % columns),
  );
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(row * columns, (row + 1) * columns);
    const sum = part.reduce((total, value) => total + value, 0);
    for (let column = 0; column < columns; column++) part[column]! /= sum;
  }
  return { values, rows, columns };
}

/** Means over areas, from `from` pixels to `to`. */
function average(from: number, to: number): Matrix {
  const width = from / to;
  return matrixOf(to, from, (row, column) =>
    Math.max(0, Math.min((row + 1) * width, column + 1) - Math.max(row * width, column)),
  );
}

function bandOf(side: number, [low, high]: readonly [number, number]): Matrix[] {
  return [low, high].map((sigma) => gaussian(side, (sigma * side) / 32));
}

function gaussian(side: number, sigma: number): Matrix {
  return matrixOf(side, side, (row, column) => Math.exp(-0.5 * ((row - column) / sigma) ** 2));
}

function product(left: Matrix, right: Matrix): Matrix {
  const values = new Float32Array(left.rows * right.columns);
  for (let row = 0; row < left.rows; row++) {
    for (let k = 0; k < left.columns; k++) {
      const weight = left.values[row * left.columns + k]!;
      for (let column = 0; column < right.columns; column++)
        values[row * right.columns + column]! += weight * right.values[k * right.columns + column]!;
    }
  }
  return { values, rows: left.rows, columns: right.columns };
}
