import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { assertKey, type ObjectInfo } from './object-store.ts';
import { isMissing, toStorageError } from './s3-errors.ts';

/** What the S3 driver's parts share. */
export interface S3Context {
  client: S3Client;
  bucket: string;
  prefix: string;
}

/** The metadata field that marks an object with the write that made it, to tell one's own retry from another's object. */
export const WRITE_MARK = 'synspine-write';

/** Bucket and full key, as S3 commands want them. */
export function at({ bucket, prefix }: S3Context, key: string): { Bucket: string; Key: string } {
  return { Bucket: bucket, Key: prefix + key };
}

/** Runs an S3 request and turns its error into a StorageError. */
export async function send<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw toStorageError(error);
  }
}

export async function head(
  context: S3Context,
  key: string,
): Promise<{ info: ObjectInfo; mark?: string } | undefined> {
  assertKey(key);
  try {
    const found = await context.client.send(new HeadObjectCommand(at(context, key)));
    const info = { key, size: found.ContentLength ?? 0, etag: found.ETag ?? '' };
    return { info, mark: found.Metadata?.[WRITE_MARK] };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw toStorageError(error);
  }
}
