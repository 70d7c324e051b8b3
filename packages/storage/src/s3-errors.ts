import { StorageError, type StorageErrorCode } from './errors.ts';

const CODES: Record<string, StorageErrorCode> = {
  NoSuchKey: 'KEY_NOT_FOUND',
  NotFound: 'KEY_NOT_FOUND',
  NoSuchUpload: 'UPLOAD_NOT_FOUND',
  PreconditionFailed: 'KEY_EXISTS',
  ConditionalRequestConflict: 'KEY_EXISTS',
  BadDigest: 'DIGEST_MISMATCH',
  InvalidDigest: 'DIGEST_MISMATCH',
  XAmzContentSHA256Mismatch: 'DIGEST_MISMATCH',
  XAmzContentChecksumMismatch: 'DIGEST_MISMATCH',
  InvalidRange: 'RANGE_INVALID',
  EntityTooSmall: 'PART_INVALID',
  InvalidPart: 'PART_MISSING',
  InvalidPartOrder: 'PART_MISSING',
  InsufficientStorage: 'STORAGE_FULL',
  QuotaExceeded: 'STORAGE_FULL',
};

interface SdkError {
  name?: string;
  $metadata?: { httpStatusCode?: number };
}

export function isMissing(error: unknown): boolean {
  const { name = '', $metadata } = error as SdkError;
  return name !== 'NoSuchBucket' && (CODES[name] === 'KEY_NOT_FOUND' || $metadata?.httpStatusCode === 404);
}

/** An error of the SDK as one of ours, by its S3 code, else by HTTP status; no answer at all is STORE_UNREACHABLE. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { name = '', $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  const byStatus: StorageErrorCode = status >= 400 && status < 500 ? 'STORE_REFUSED' : 'STORE_UNREACHABLE';
  const code = CODES[name] ?? (status === 412 ? 'KEY_EXISTS' : status === 507 ? 'STORAGE_FULL' : byStatus);
  // The SDK's error holds the whole request, signature included, so only its code and status are kept.
  return new StorageError(code, {
    cause: new Error(`S3 said ${name || 'nothing'}, HTTP status ${status || 'none'}`),
  });
}
