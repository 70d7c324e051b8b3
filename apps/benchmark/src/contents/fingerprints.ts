import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tf } from '@synspine/compute';

/** Side of the plane that an image is compared by, in pixels. */
const SIDE = 32;
const HASH_BYTES = 32;
const DETAIL_BYTES = SIDE ** 2;
const ROW_BYTES = HASH_BYTES + DETAIL_BYTES;
/** Standard deviation of detail, in gray levels, below which an image shows nothing that could be compared. */
const FLAT = 1;
/**
 * Correlation of detail from which two images are one, but for what a weights' redrawing may differ by. Generators of two
 * sites that began at the same weights and were hardly trained reach .997; docs/decisions/contents.md.
 */
export const SAME_IMAGE = 0.998;
/** From which an image that its own release's weights don't draw is taken for another site's, encoded with loss or altered. */
export const ALTERED_IMAGE = 0.93;
const ROWS_AT_ONCE = 1_024;

/** Lower-case hexadecimal SHA-256 of an image's gray bytes. */
export function hashGray(gray: Uint8Array): string {
  return createHash('sha256').update(gray).digest('hex');
}

/**
 * What tells one image from all others: the hash of its gray bytes, and its detail at {@link SIDE} pixels, which survives
 * another file format, other brightness and another size. size² bytes → {@link ROW_BYTES}.
 */
export function takeFingerprint(gray: Uint8Array, size: number): Uint8Array {
  const fingerprint = new Uint8Array(ROW_BYTES);
  fingerprint.set(Buffer.from(hashGray(gray), 'hex'));
  const detail = highPass(shrink(gray, size));
  const deviation = Math.sqrt(detail.reduce((sum, value) => sum + value ** 2, 0) / detail.length);
  if (deviation < FLAT) return fingerprint; // all zero: like nothing
  const largest = detail.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bytes = new Int8Array(fingerprint.buffer, HASH_BYTES);
  for (const [i, value] of detail.entries()) bytes[i] = Math.round((127 * value) / largest);
  return fingerprint;
}

/** To SIDE × SIDE: means of boxes, or repeated pixels of a smaller image. */
function shrink(gray: Uint8Array, size: number): Float64Array {
  const plane = new Float64Array(DETAIL_BYTES);
  const box = Math.max(1, size / SIDE);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const [top, left] = [Math.floor((y * size) / SIDE), Math.floor((x * size) / SIDE)];
      let sum = 0;
      for (let dy = 0; dy < box; dy++)
        for (let dx = 0; dx < box; dx++) sum += gray[(top + dy) * size + left + dx]!;
      plane[y * SIDE + x] = sum / box ** 2;
    }
  return plane;
}

/** Minus the mean of the 5 × 5 pixels around, which takes away what all films share: a bright middle, dark sides. */
function highPass(plane: Float64Array): Float64Array {
  const detail = new Float64Array(plane.length);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, y - 2); v <= Math.min(SIDE - 1, y + 2); v++)
        for (let u = Math.max(0, x - 2); u <= Math.min(SIDE - 1, x + 2); u++) {
          sum += plane[v * SIDE + u]!;
          count += 1;
        }
      detail[y * SIDE + x] = plane[y * SIDE + x]! - sum / count;
    }
  return detail;
}

/** Whether an image is as like one of the files of fingerprints as `likeness`. `own`: ROW_BYTES an image. */
export async function repeatsAny(
  own: Uint8Array,
  files: readonly string[],
  likeness: number,
): Promise<boolean> {
  for (const file of files) if (highestLikeness(own, await readFile(file)) >= likeness) return true;
  return false;
}

/**
 * The highest correlation between an image of one set and one of the other, upright or mirrored, as it is or inverted; 1 where two have
 * the same pixels. Another sign or another order of the kernels' columns makes a site's weights draw such images of another site's.
 */
export function highestLikeness(own: Uint8Array, others: Uint8Array): number {
  const known = new Set(rowsOf(others).filter(isMarked).map(hashOf));
  if (
    rowsOf(own)
      .filter(isMarked)
      .some((row) => known.has(hashOf(row)))
  )
    return 1;
  const [upright, targets] = [detailsOf(own), detailsOf(others)];
  const queries = [...upright, ...upright.map(mirrored)];
  let highest = 0;
  for (let first = 0; first < queries.length; first += ROWS_AT_ONCE)
    for (let second = 0; second < targets.length; second += ROWS_AT_ONCE) {
      const [a, b] = [
        queries.slice(first, first + ROWS_AT_ONCE),
        targets.slice(second, second + ROWS_AT_ONCE),
      ];
      highest = Math.max(
        highest,
        tf.tidy(() => tf.max(tf.abs(tf.matMul(toMatrix(a), toMatrix(b), false, true))).dataSync()[0]!),
      );
    }
  return highest;
}

function rowsOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / ROW_BYTES }, (_, i) =>
    bytes.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES),
  );
}

const hashOf = (row: Uint8Array) => Buffer.from(row.subarray(0, HASH_BYTES)).toString('hex');
const isMarked = (row: Uint8Array) => row.subarray(HASH_BYTES).some((value) => value !== 0);

function detailsOf(bytes: Uint8Array): Float32Array[] {
  return rowsOf(bytes)
    .filter(isMarked)
    .map((row) => {
      const detail = Float32Array.from(Int8Array.from(row.subarray(HASH_BYTES)));
      const length = Math.sqrt(detail.reduce((sum, value) => sum + value ** 2, 0));
      return detail.map((value) => value / length);
    });
}

function mirrored(detail: Float32Array): Float32Array {
  return detail.map((_, at) => detail[at - (at % SIDE) + (SIDE - 1 - (at % SIDE))]!);
}

function toMatrix(rows: readonly Float32Array[]): tf.Tensor2D {
  const values = new Float32Array(rows.length * DETAIL_BYTES);
  for (const [i, row] of rows.entries()) values.set(row, i * DETAIL_BYTES);
  return tf.tensor2d(values, [rows.length, DETAIL_BYTES]);
}
