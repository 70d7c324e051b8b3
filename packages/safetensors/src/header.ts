import { repeatedKey } from './repeated-key.ts';
import { SafetensorsError } from './safetensors-error.ts';

export interface TensorEntry {
  name: string;
  dtype: 'F32' | 'F16' | 'BF16';
  shape: number[];
  /** Byte offsets into the data section. */
  begin: number;
  end: number;
}

export type Header = {
  entries: TensorEntry[];
  /** Where data begins. */
  dataStart: number;
  /** Whether it also holds text of whoever wrote it. */
  hasMetadata: boolean;
};

const bytesPerValue = { F32: 4, F16: 2, BF16: 2 } as const;

/** More values than a file could hold; keeps every product and offset an exact integer. */
const valuesMax = 2 ** 40;

/** Larger headers than any network of ours needs are an attack or a mistake. */
const headerBytesMax = 1 << 20;
/** How much of a file's beginning {@link readHeader} looks at. */
export const SAFETENSORS_HEAD_BYTES_MAX = 8 + headerBytesMax;

/**
 * Reads the header of a safetensors file of `fileBytes` bytes from its first {@link SAFETENSORS_HEAD_BYTES_MAX} bytes (or all,
 * where it has fewer), trusting nothing in it: no tensor library and no data are needed. Tensors come in the order of their data,
 * which fills the file to its end.
 *
 * Throws SafetensorsError TOO_SHORT, HEADER_TOO_LARGE, HEADER_NOT_JSON, DUPLICATE_KEY, HEADER_MALFORMED, DTYPE_UNSUPPORTED,
 * SHAPE_INVALID, SHAPE_OVERFLOW, OFFSETS_INVALID, SIZE_MISMATCH or LENGTH_MISMATCH.
 */
export function readHeader(head: Uint8Array, fileBytes: number): Header {
  if (head.length < 8) refuse('TOO_SHORT', `the file has only ${head.length} bytes`);
  const headerBytes = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  if (headerBytes > BigInt(headerBytesMax))
    refuse(
      'HEADER_TOO_LARGE',
      `its header claims ${headerBytes} bytes; at most ${headerBytesMax} are allowed`,
    );
  const dataStart = 8 + Number(headerBytes);
  if (dataStart > head.length) refuse('TOO_SHORT', 'the file ends inside its header');
  const { entries, hasMetadata } = parseHeader(head.subarray(8, dataStart));
  const end = dataStart + (entries.at(-1)?.end ?? 0);
  if (end !== fileBytes)
    refuse('LENGTH_MISMATCH', `the file has ${fileBytes} bytes but its header describes ${end}`);
  return { entries, dataStart, hasMetadata };
}

/** Checks the JSON header and returns its tensors in the order in which their data lies, without gap or overlap. */
function parseHeader(bytes: Uint8Array): Pick<Header, 'entries' | 'hasMetadata'> {
  const text = decodeUtf8(bytes);
  const header = parseJson(text);
  refuseDuplicates(text);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value));
  requireStringMetadata(header.__metadata__);
  requireContiguous(entries);
  return { entries, hasMetadata: header.__metadata__ !== undefined };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    refuse('HEADER_NOT_JSON', 'its header is not UTF-8');
  }
}

function parseJson(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    refuse('HEADER_NOT_JSON', 'its header is not JSON');
  }
  if (!isObject(header)) refuse('HEADER_MALFORMED', 'its header is not a JSON object');
  return header;
}

/** JSON.parse keeps the last of two equal keys, so a second reader could see other weights than this one. */
function refuseDuplicates(text: string): void {
  const key = repeatedKey(text);
  if (key !== undefined) refuse('DUPLICATE_KEY', `${key} appears twice`);
}

function parseEntry(name: string, value: unknown): TensorEntry {
  if (!isObject(value) || Object.keys(value).sort().join() !== 'data_offsets,dtype,shape') {
    refuse('HEADER_MALFORMED', `${name} must have dtype, shape and data_offsets, and nothing else`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
    refuse('DTYPE_UNSUPPORTED', `${name} is not F32, F16 or BF16`);
  if (!isCounts(shape)) refuse('SHAPE_INVALID', `${name}'s shape is not a list of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2)
    refuse('OFFSETS_INVALID', `${name}'s offsets are not two whole numbers`);
  const [begin, end] = offsets as [number, number];
  const bytes = countValues(name, shape) * bytesPerValue[dtype];
  if (end - begin !== bytes)
    refuse('SIZE_MISMATCH', `${name} needs ${bytes} bytes but its offsets span ${end - begin}`);
  return { name, dtype, shape, begin, end };
}

function countValues(name: string, shape: number[]): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > valuesMax) refuse('SHAPE_OVERFLOW', `${name}'s shape [${shape}] is too large`);
  }
  return count;
}

function requireContiguous(entries: TensorEntry[]): void {
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      refuse('OFFSETS_INVALID', `${entry.name} starts at byte ${entry.begin} and not at ${end}`);
    end = entry.end;
  }
}

function requireStringMetadata(metadata: unknown): void {
  if (metadata === undefined) return;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    refuse('HEADER_MALFORMED', '__metadata__ may hold only strings');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function refuse(code: string, why: string): never {
  throw new SafetensorsError(code, why);
}
