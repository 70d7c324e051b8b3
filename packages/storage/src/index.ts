export { StorageError, type StorageErrorCode } from './errors.ts';
export { createFileStore } from './file-store.ts';
export {
  type ByteRange,
  type ObjectContent,
  type ObjectInfo,
  type ObjectStore,
  PART_BYTES,
  PART_BYTES_MAX,
  PART_BYTES_MIN,
  PART_COUNT_MAX,
  type StoredPart,
} from './object-store.ts';
export { createS3Store, type S3StoreOptions } from './s3-store.ts';
