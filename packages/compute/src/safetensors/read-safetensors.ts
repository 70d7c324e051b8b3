import {
  readHeader,
  SAFETENSORS_HEAD_BYTES_MAX,
  SafetensorsError,
  type TensorEntry,
} from '@synspine/safetensors';
import { ComputeError } from '../compute-error.ts';
import { decodeFloats } from './decode-floats.ts';

export interface StoredTensor {
  dtype: 'F32' | 'F16' | 'BF16';
  shape: number[];
  /** Widened to float32 whatever `dtype` is. */
  data: Float32Array;
}

/**
 * Reads a safetensors file, trusting nothing in it. With `expected` (shape by name) the names and shapes must be exactly those.
 *
 * Errors (code): TOO_SHORT, HEADER_TOO_LARGE, HEADER_NOT_JSON, DUPLICATE_KEY, HEADER_MALFORMED, DTYPE_UNSUPPORTED, SHAPE_INVALID,
 * SHAPE_OVERFLOW, OFFSETS_INVALID, SIZE_MISMATCH, LENGTH_MISMATCH, NAMES_UNEXPECTED, SHAPE_UNEXPECTED, NOT_FINITE.
 */
export function readSafetensors(
  bytes: Uint8Array,
  expected?: Record<string, readonly number[]>,
): Map<string, StoredTensor> {
  const { entries, dataStart } = readOwnHeader(bytes);
  if (expected) requireExpected(entries, expected);
  return new Map(entries.map((entry) => [entry.name, readTensor(bytes, dataStart, entry)]));
}

function readOwnHeader(bytes: Uint8Array): ReturnType<typeof readHeader> {
  try {
    return readHeader(bytes.subarray(0, SAFETENSORS_HEAD_BYTES_MAX), bytes.length);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new ComputeError(error.code, error.message);
    throw error;
  }
}

function requireExpected(entries: TensorEntry[], expected: Record<string, readonly number[]>): void {
  const found = new Set(entries.map(({ name }) => name));
  const missing = Object.keys(expected).filter((name) => !found.has(name));
  const extra = [...found].filter((name) => !Object.hasOwn(expected, name));
  if (missing.length || extra.length) {
    refuse('NAMES_UNEXPECTED', `missing: ${sample(missing)}; not part of the architecture: ${sample(extra)}`);
  }
  for (const { name, shape } of entries) {
    const wanted = expected[name]!;
    if (shape.length !== wanted.length || shape.some((size, axis) => size !== wanted[axis])) {
      refuse('SHAPE_UNEXPECTED', `${name} has shape [${shape}] but the architecture has [${wanted}]`);
    }
  }
}

function readTensor(
  bytes: Uint8Array,
  dataStart: number,
  { name, dtype, shape, begin, end }: TensorEntry,
): StoredTensor {
  const data = decodeFloats(bytes.subarray(dataStart + begin, dataStart + end), dtype);
  if (!data.every(Number.isFinite)) refuse('NOT_FINITE', `${name} holds NaN or infinity`);
  return { dtype, shape, data };
}

function sample(names: string[]): string {
  return names.length === 0
    ? 'none'
    : `${names.slice(0, 3).join(', ')}${names.length > 3 ? `, … (${names.length})` : ''}`;
}

function refuse(code: string, why: string): never {
  throw new ComputeError(code, `The safetensors file is refused: ${why}. Use a file written by Synspine.`);
}
