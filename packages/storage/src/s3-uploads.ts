import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListPartsCommand,
  type Part,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { assertDigest, digestStream, sha256Of } from './digest.ts';
import { StorageError } from './errors.ts';
import {
  assertKey,
  assertPart,
  assertWhole,
  type ObjectInfo,
  type ObjectStore,
  type StoredPart,
} from './object-store.ts';
import { at, head, type S3Context, send, WRITE_MARK } from './s3-context.ts';
import { formatUploadId, parseUploadId } from './upload-id.ts';

type S3Uploads = Pick<ObjectStore, 'createUpload' | 'putPart' | 'listParts' | 'complete' | 'abort'>;

/** How a call fails whose upload another call completes: a server may list only some parts while it clears them away. */
const doneElsewhere = new Set<string>(['UPLOAD_NOT_FOUND', 'KEY_EXISTS', 'PART_MISSING']);

/**
 * Uploads in parts as S3 multipart uploads. S3 checks each part against the sha256 in the request's signature but knows
 * none of the whole object, so `complete` reads the object once before it vouches for it, and deletes it again if the
 * digest differs. Not S3's own per-part checksums: servers that don't list them can't complete after a restart.
 */
export function createS3Uploads(context: S3Context): S3Uploads {
  const { client } = context;
  const locate = (uploadId: string) => {
    const { key, token, s3Id } = parseUploadId(uploadId);
    return { key, token, target: { ...at(context, key), UploadId: s3Id } };
  };

  /** Joins the parts; also succeeds when an earlier call had done so and its answer was lost. */
  const join = async (uploadId: string, size: number): Promise<ObjectInfo> => {
    const { key, token, target } = locate(uploadId);
    try {
      const parts = await listAll(context, target);
      assertWhole(parts.map(toStoredPart), size);
      const Parts = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
      await send(() =>
        client.send(
          new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts }, IfNoneMatch: '*' }),
        ),
      );
    } catch (error) {
      const mayBeDone = error instanceof StorageError && doneElsewhere.has(error.code);
      const found = mayBeDone ? await head(context, key) : undefined;
      if (!found) throw error;
      if (found.mark !== token) throw new StorageError('KEY_EXISTS', { cause: error });
    }
    const done = await head(context, key);
    if (!done) throw new StorageError('UPLOAD_NOT_FOUND');
    return done.info;
  };

  return {
    createUpload: async (key) => {
      assertKey(key);
      if (await head(context, key)) throw new StorageError('KEY_EXISTS');
      const token = randomUUID();
      const command = new CreateMultipartUploadCommand({
        ...at(context, key),
        Metadata: { [WRITE_MARK]: token },
      });
      const { UploadId: s3Id } = await send(() => client.send(command));
      return formatUploadId({ key, token, s3Id });
    },
    putPart: async (uploadId, partNumber, bytes, sha256) => {
      assertPart(partNumber, bytes);
      const { target } = locate(uploadId);
      assertDigest(sha256Of(bytes), sha256);
      const command = new UploadPartCommand({
        ...target,
        PartNumber: partNumber,
        Body: bytes,
        ContentLength: bytes.length,
      });
      await send(() => client.send(command));
    },
    listParts: async (uploadId) => (await listAll(context, locate(uploadId).target)).map(toStoredPart),
    complete: async (uploadId, expectedSha256, size) => {
      const info = await join(uploadId, size);
      await verifyOrDelete(context, info, expectedSha256);
      return info;
    },
    abort: async (uploadId) => {
      const command = new AbortMultipartUploadCommand(locate(uploadId).target);
      await send(() => client.send(command)).catch((error: StorageError) => {
        if (error.code !== 'UPLOAD_NOT_FOUND') throw error;
      });
    },
  };
}

function toStoredPart({ PartNumber = 0, Size = 0 }: Part): StoredPart {
  return { partNumber: PartNumber, size: Size };
}

async function listAll(
  { client }: S3Context,
  target: { Bucket: string; Key: string; UploadId?: string },
): Promise<Part[]> {
  const parts: Part[] = [];
  let marker: string | undefined;
  do {
    const command = new ListPartsCommand({ ...target, UploadId: target.UploadId, PartNumberMarker: marker });
    const page = await send(() => client.send(command));
    parts.push(...(page.Parts ?? []));
    marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (marker);
  return latestOfEach(parts);
}

/** AWS lists a part that was sent twice once, SeaweedFS each time; dates have whole seconds. Sorted by number. */
function latestOfEach(parts: Part[]): Part[] {
  const latest = new Map<number, Part>();
  const dateOf = (part?: Part) => part?.LastModified?.getTime() ?? 0;
  for (const part of parts) {
    const number = part.PartNumber ?? 0;
    if (dateOf(part) >= dateOf(latest.get(number))) latest.set(number, part);
  }
  return [...latest.values()].sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
}

async function verifyOrDelete(context: S3Context, info: ObjectInfo, expectedSha256: string): Promise<void> {
  const { client } = context;
  const answer = await send(() => client.send(new GetObjectCommand(at(context, info.key))));
  const { sha256 } = await send(() => digestStream(answer.Body as Readable)); // the connection may end midway
  if (sha256 === expectedSha256) return;
  await send(() => client.send(new DeleteObjectCommand(at(context, info.key))));
  throw new StorageError('DIGEST_MISMATCH');
}
