import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { assertDigest, digestStream, readPieces, sha256Of } from './digest.ts';
import { StorageError } from './errors.ts';
import {
  assertKey,
  assertPrefix,
  type ByteRange,
  type ObjectContent,
  type ObjectInfo,
  type ObjectStore,
  PART_BYTES,
  resolveRange,
} from './object-store.ts';
import { at, head, type S3Context, send, WRITE_MARK } from './s3-context.ts';
import { toStorageError } from './s3-errors.ts';
import { createS3Uploads } from './s3-uploads.ts';

export interface S3StoreOptions {
  bucket: string;
  /** AWS's own names, or any word for other servers. */
  region: string;
  /** Of servers other than AWS; the bucket is then part of the path. */
  endpoint?: string;
  /** Without them the SDK looks for a role or profile of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Put before every key, such as 'synspine/'. */
  prefix?: string;
}

/**
 * Keeps objects in an S3 bucket. Bodies are sent with their sha256, which the server checks; new keys are claimed with
 * If-None-Match. The server must support both (AWS, SeaweedFS 4, MinIO do).
 */
export function createS3Store(options: S3StoreOptions): ObjectStore {
  const client = new S3Client({
    region: options.region,
    endpoint: options.endpoint,
    forcePathStyle: options.endpoint !== undefined,
    credentials: options.credentials,
    maxAttempts: 5,
    // The SDK's own CRC32 trailers are refused by some servers, and we send sha256 anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
  });
  const context: S3Context = { client, bucket: options.bucket, prefix: options.prefix ?? '' };
  const uploads = createS3Uploads(context);
  return {
    ...uploads,
    put: async (key, body, { sha256 }) => {
      assertKey(key);
      if (typeof body !== 'string') return putBytes(context, key, body, sha256);
      const { size } = await stat(body);
      return size > PART_BYTES
        ? putFile(uploads, key, body, sha256)
        : putBytes(context, key, await readWhole(body), sha256);
    },
    get: (key, range) => get(context, key, range),
    head: async (key) => (await head(context, key))?.info,
    list: (prefix) => list(context, prefix),
    delete: async (key) => {
      assertKey(key);
      await send(() => client.send(new DeleteObjectCommand(at(context, key))));
    },
    close: () => client.destroy(),
  };
}

async function readWhole(path: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(path, PART_BYTES)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function putBytes(
  context: S3Context,
  key: string,
  bytes: Uint8Array,
  sha256: string,
): Promise<ObjectInfo> {
  assertDigest(sha256Of(bytes), sha256);
  const mark = randomUUID();
  try {
    const answer = await context.client.send(
      new PutObjectCommand({
        ...at(context, key),
        Body: bytes,
        ContentLength: bytes.length,
        ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
        IfNoneMatch: '*',
        Metadata: { [WRITE_MARK]: mark },
      }),
    );
    return { key, size: bytes.length, etag: answer.ETag ?? '' };
  } catch (error) {
    const failure = toStorageError(error);
    if (failure.code !== 'KEY_EXISTS') throw failure;
    // When an answer was lost, the SDK sent the request again and met its own object.
    const found = await head(context, key);
    if (found?.mark === mark) return found.info;
    throw failure;
  }
}

async function putFile(
  uploads: ReturnType<typeof createS3Uploads>,
  key: string,
  path: string,
  sha256: string,
): Promise<ObjectInfo> {
  const uploadId = await uploads.createUpload(key);
  try {
    let partNumber = 0;
    const send = async function* () {
      for await (const piece of readPieces(path, PART_BYTES)) {
        partNumber++;
        await uploads.putPart(uploadId, partNumber, piece, sha256Of(piece));
        yield piece;
      }
    };
    const sent = await digestStream(send());
    assertDigest(sent.sha256, sha256);
    return await uploads.complete(uploadId, sha256, sent.size);
  } catch (error) {
    await uploads.abort(uploadId).catch(() => undefined); // the first error tells more
    throw error;
  }
}

async function get(context: S3Context, key: string, range?: ByteRange): Promise<ObjectContent> {
  const found = await head(context, key);
  if (!found) throw new StorageError('KEY_NOT_FOUND');
  const { info } = found;
  const { start, end } = resolveRange(range, info.size);
  const isWhole = start === 0 && end === info.size - 1;
  const answer = await send(() =>
    context.client.send(
      new GetObjectCommand({
        ...at(context, key),
        IfMatch: info.etag, // the same object as in head, even if it was deleted and made anew in between
        ...(isWhole ? {} : { Range: `bytes=${start}-${end}` }),
      }),
    ),
  );
  return { ...info, stream: answer.Body as Readable, length: end - start + 1 };
}

async function* list(context: S3Context, prefix: string): AsyncGenerator<ObjectInfo> {
  assertPrefix(prefix);
  let token: string | undefined;
  do {
    const page = await send(() =>
      context.client.send(
        new ListObjectsV2Command({
          Bucket: context.bucket,
          Prefix: context.prefix + prefix,
          ContinuationToken: token,
        }),
      ),
    );
    for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
      yield { key: Key.slice(context.prefix.length), size: Size, etag: ETag };
    }
    token = page.NextContinuationToken;
  } while (token);
}
