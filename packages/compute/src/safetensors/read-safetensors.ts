import { ComputeError } from '../compute-error.ts';
import { decodeFloats } from './decode-floats.ts';
import { parseHeader, type TensorEntry } from './header.ts';

export interface StoredTensor {
  dtype: 'F32' | 'F16' | 'BF16';
  shape: number[];
  /** Widened to float32 whatever `dtype` is. */
  data: Float32Array;
}

/** Larger headers than any network of ours needs are an attack or a mistake. */
const headerBytesMax = 1 << 20;

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
  const { header, dataStart } = splitFile(bytes);
  const entries = parseHeader(header);
  const dataBytes = entries.reduce((end, entry) => Math.max(end, entry.end), 0);
  if (dataStart + dataBytes !== bytes.length) {
    refuse(
      'LENGTH_MISMATCH',
      `the file has ${bytes.length} bytes but its header describes ${dataStart + dataBytes}`,
    );
  }
  if (expected) requireExpected(entries, expected);
  return new Map(entries.map((entry) => [entry.name, readTensor(bytes, dataStart, entry)]));
}

function splitFile(bytes: Uint8Array): { header: Uint8Array; dataStart: number } {
  if (bytes.length < 8) refuse('TOO_SHORT', `the file has only ${bytes.length} bytes`);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (headerBytes > BigInt(headerBytesMax))
    refuse(
      'HEADER_TOO_LARGE',
      `its header claims ${headerBytes} bytes; at most ${headerBytesMax} are allowed`,
    );
  const dataStart = 8 + Number(headerBytes);
  if (dataStart > bytes.length) refuse('TOO_SHORT', `the file ends inside its header`);
  return { header: bytes.subarray(8, dataStart), dataStart };
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
