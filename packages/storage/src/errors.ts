export type StorageErrorCode =
  | 'KEY_INVALID'
  | 'KEY_EXISTS'
  | 'KEY_NOT_FOUND'
  | 'UPLOAD_NOT_FOUND'
  | 'PART_INVALID'
  | 'PART_MISSING'
  | 'DIGEST_MISMATCH'
  | 'RANGE_INVALID'
  | 'STORAGE_FULL'
  | 'STORE_REFUSED'
  | 'STORE_UNREACHABLE';

const NEXT_STEP: Record<StorageErrorCode, string> = {
  KEY_INVALID: 'The key is not one that every driver can hold. Build it from ids; see assertKey.',
  KEY_EXISTS: 'An object is never overwritten. Use another key, or delete the object first.',
  KEY_NOT_FOUND: 'There is no object of this key. Check the key, or upload it again.',
  UPLOAD_NOT_FOUND: 'There is no such upload; it was completed, aborted or never made. Create a new one.',
  PART_INVALID:
    'A part has a number from 1 to 10,000 and 5 to 64 MiB; only the last may be smaller. Split anew.',
  PART_MISSING: 'The parts are not 1, 2, 3, … or their sizes do not add up. Send those that listParts lacks.',
  DIGEST_MISMATCH:
    'The bytes are not those of the given sha256. Nothing was stored under the key. Send them again.',
  RANGE_INVALID:
    'The range starts beyond the end of the object, or ends before its start. Ask head for the size.',
  STORAGE_FULL: 'The disk is full; nothing was stored under the key. Free space and try again.',
  STORE_REFUSED: 'The object store refused the request. Check bucket, credentials and rights.',
  STORE_UNREACHABLE:
    'The object store did not answer. Check its endpoint and the network; it is safe to try again.',
};

/** A broken promise of an object store. The message says what to do next and names no key. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, options?: ErrorOptions) {
    super(NEXT_STEP[code], options);
    this.name = 'StorageError';
    this.code = code;
  }
}
