import { Readable } from 'node:stream';
import { ProblemError } from '@synspine/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ByteRange, readRange } from './byte-range.ts';
import type { FileAnswer } from './route-types.ts';

/**
 * Answers with a file: strong ETag (its SHA-256), `Repr-Digest` (RFC 9530), one byte range (RFC 9110 §14), `If-Range`
 * and `If-None-Match`. HEAD is answered with the headers of a GET of the whole file, since ranges are GET's alone (§14.2):
 * libraries that read Parquet over HTTP learn the size from it. Bytes can't change under an ETag, since a verified object is never written again.
 */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: FileAnswer) {
  const { range: wanted, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.raw.headers;
  const etag = `"${file.sha256}"`;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
    'cache-control': 'private, no-cache', // may be kept, but access is asked for again each time
  });
  const isHead = request.method === 'HEAD';
  if (ifNoneMatch && matches(ifNoneMatch, etag)) return reply.code(304).send(isHead ? noBytes() : undefined);
  const range =
    !isHead && (ifRange === undefined || ifRange === etag)
      ? rangeOrRefuse(reply, wanted, file.size)
      : undefined;
  const length = range ? range.end - range.start + 1 : file.size;
  reply.headers({
    'content-type': file.contentType,
    'content-length': length,
    'content-disposition': `attachment; filename="${file.name}"`,
  });
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${file.size}`);
  return reply.send(isHead ? noBytes() : await file.open(range));
}

/** fastify says Content-Length 0 of a HEAD answer without a payload, and leaves the header alone beside a stream. */
function noBytes(): Readable {
  return Readable.from([]);
}

function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}

function rangeOrRefuse(reply: FastifyReply, header: string | undefined, size: number): ByteRange | undefined {
  try {
    return readRange(header, size);
  } catch (error) {
    if (error instanceof ProblemError) reply.header('content-range', `bytes */${size}`);
    throw error;
  }
}
