import type { Readable } from 'node:stream';
import { StorageError } from './errors.ts';

/** The size to cut uploads into: above S3's minimum of 5 MiB, and at most this much is sent again after a cut. */
export const PART_BYTES = 8 * 1024 * 1024;
export const PART_BYTES_MIN = 5 * 1024 * 1024; // S3 refuses smaller parts, except the last
export const PART_BYTES_MAX = 64 * 1024 * 1024; // one part is held in memory
export const PART_COUNT_MAX = 10_000; // S3's limit

export interface ObjectInfo {
  key: string;
  /** Bytes. */
  size: number;
  /** Quoted, as in HTTP. Opaque: it isn't a digest of the content. */
  etag: string;
}

export interface ObjectContent extends ObjectInfo {
  /** The bytes asked for. Read it to the end or destroy it. */
  stream: Readable;
  /** Bytes in the stream; less than `size` when a range was asked for. */
  length: number;
}

export interface StoredPart {
  /** From 1. */
  partNumber: number;
  /** Bytes. */
  size: number;
}

/** First and last byte, both included, as in HTTP. Without `end`, up to the object's end. */
export interface ByteRange {
  start: number;
  end?: number;
}

/**
 * Keeps immutable objects. An object is there whole and with the announced sha256, or not at all, whatever crashes.
 * Keys: 1 to 512 characters, folders separated by '/', each [A-Za-z0-9][A-Za-z0-9._-]*; no key may be the folder of
 * another. `sha256` is 64 lower-case hexadecimal digits. All methods reject with StorageError.
 */
export interface ObjectStore {
  /** Stores bytes, or the file at a path, under a new key. KEY_EXISTS, DIGEST_MISMATCH, STORAGE_FULL. */
  put(key: string, body: Uint8Array | string, digest: { sha256: string }): Promise<ObjectInfo>;
  /** Starts an upload in parts, which survives restarts of both sides; returns its id. KEY_EXISTS. */
  createUpload(key: string): Promise<string>;
  /** Stores one part, replacing one of this number that is over a second older; sending the same again is harmless. PART_INVALID, DIGEST_MISMATCH, UPLOAD_NOT_FOUND. */
  putPart(uploadId: string, partNumber: number, bytes: Uint8Array, sha256: string): Promise<void>;
  /** The parts stored so far, by number. UPLOAD_NOT_FOUND. */
  listParts(uploadId: string): Promise<StoredPart[]>;
  /**
   * Joins the parts into the object after checking size and sha256 of the whole. Calling it again after it succeeded
   * succeeds. PART_MISSING, PART_INVALID, DIGEST_MISMATCH, KEY_EXISTS, UPLOAD_NOT_FOUND.
   */
  complete(uploadId: string, expectedSha256: string, size: number): Promise<ObjectInfo>;
  /** Forgets an upload and its parts; no error when it is gone already. */
  abort(uploadId: string): Promise<void>;
  /** KEY_NOT_FOUND, RANGE_INVALID. */
  get(key: string, range?: ByteRange): Promise<ObjectContent>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** All objects whose key starts with `prefix`, in an order of the driver's own. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** No error when there is no such object. */
  delete(key: string): Promise<void>;
  /** Gives back connections. */
  close(): void;
}

const KEY_LENGTH_MAX = 512;
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Throws KEY_INVALID unless `key` is one that every driver can hold; in particular it can't leave the store. */
export function assertKey(key: string): void {
  if (key.length <= KEY_LENGTH_MAX && key.split('/').every((segment) => SEGMENT.test(segment))) return;
  throw new StorageError('KEY_INVALID');
}

/** Throws KEY_INVALID unless `prefix` is the beginning of a key; '' is. */
export function assertPrefix(prefix: string): void {
  if (prefix === '') return;
  assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

export function assertPart(partNumber: number, bytes: Uint8Array): void {
  const isNumber = Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= PART_COUNT_MAX;
  if (isNumber && bytes.length > 0 && bytes.length <= PART_BYTES_MAX) return;
  throw new StorageError('PART_INVALID');
}

/** Throws unless `parts` are 1, 2, 3, …, of allowed sizes, and add up to `size`. */
export function assertWhole(parts: StoredPart[], size: number): void {
  const isInOrder = parts.length > 0 && parts.every(({ partNumber }, index) => partNumber === index + 1);
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  if (!isInOrder || total !== size) throw new StorageError('PART_MISSING');
  if (parts.slice(0, -1).some((part) => part.size < PART_BYTES_MIN)) throw new StorageError('PART_INVALID');
}

/** First and last byte to read of an object of `size` bytes. RANGE_INVALID when none is left. */
export function resolveRange(range: ByteRange | undefined, size: number): { start: number; end: number } {
  const { start, end = size - 1 } = range ?? { start: 0 };
  if (range && (!Number.isInteger(start) || start < 0 || start >= size || end < start)) {
    throw new StorageError('RANGE_INVALID');
  }
  return { start, end: Math.min(end, size - 1) };
}
