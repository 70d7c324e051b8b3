import { PART_BYTES, ProblemError } from '@synspine/protocol';

/** How many parts a file of `size` bytes has. */
export function partCount(size: number): number {
  return Math.ceil(size / PART_BYTES);
}

/** Bytes of part `part` (from 1): all have 8 MiB but the last one. Throws PART_OUT_OF_RANGE. */
export function partLength(size: number, part: number): number {
  if (part > partCount(size))
    throw new ProblemError('PART_OUT_OF_RANGE', `the file has ${partCount(size)} parts`);
  return Math.min(PART_BYTES, size - (part - 1) * PART_BYTES);
}
