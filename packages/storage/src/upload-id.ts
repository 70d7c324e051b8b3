import { StorageError } from './errors.ts';
import { assertKey } from './object-store.ts';

export interface UploadId {
  key: string;
  /** A UUID made by us: it names the folder, or marks the object as this upload's. */
  token: string;
  /** S3's own id of the upload. */
  s3Id?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** One opaque, URL-safe string with all that a later process needs to go on with the upload. */
export function formatUploadId({ key, token, s3Id = '' }: UploadId): string {
  return [token, Buffer.from(key).toString('base64url'), Buffer.from(s3Id).toString('base64url')].join('.');
}

/** Throws UPLOAD_NOT_FOUND when `uploadId` isn't one of ours; it may come from outside, so nothing in it is trusted. */
export function parseUploadId(uploadId: string): UploadId {
  const [token = '', key = '', s3Id = ''] = uploadId.split('.');
  const parsed = {
    token,
    key: Buffer.from(key, 'base64url').toString(),
    s3Id: Buffer.from(s3Id, 'base64url').toString(),
  };
  try {
    assertKey(parsed.key);
    if (UUID.test(token)) return parsed;
  } catch {
    // told below
  }
  throw new StorageError('UPLOAD_NOT_FOUND');
}
