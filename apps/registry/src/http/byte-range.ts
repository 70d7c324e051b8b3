import { ProblemError } from '@synspine/protocol';

/** Bytes `start`…`end`, both included, as in `Content-Range`. */
export type ByteRange = { start: number; end: number };

/**
 * Reads a `Range` header (RFC 9110 §14.2) against a file of `size` bytes. Undefined, which means the whole file, for
 * no header, another unit, several ranges or a malformed one, as the RFC lets a server do. Throws RANGE_NOT_SATISFIABLE.
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1]!, match[2]!];
  const range =
    first === ''
      ? { start: Math.max(0, size - Number(last)), end: size - 1 }
      : { start: Number(first), end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (range.start > range.end) throw new ProblemError('RANGE_NOT_SATISFIABLE', `the file has ${size} bytes`);
  return range;
}
