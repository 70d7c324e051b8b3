import { promisify } from 'node:util';
import { createInflateRaw, inflateRaw } from 'node:zlib';
import { DATA_BYTES_MAX } from '../limits.ts';
import type { RefusalCode } from '../refusals.ts';

const CHUNK_BYTES = 512 * 1024;
const KEPT_BYTES_MAX = 32 * 1024 * 1024; // as large as nearly all films are

/**
 * Inflates a data set (PS3.5 A.5). What turns out larger than nearly all films is only counted at first, and inflated
 * again once it is known to be within the limit: a 1 MB file that inflates to gigabytes takes neither time nor memory.
 */
export async function inflateBounded(deflated: Uint8Array): Promise<Uint8Array | RefusalCode> {
  try {
    const kept: Buffer[] = [];
    let length = 0;
    const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
    inflater.end(deflated);
    for await (const chunk of inflater as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > DATA_BYTES_MAX) return 'TOO_LARGE';
      if (length <= KEPT_BYTES_MAX) kept.push(chunk);
      else kept.length = 0;
    }
    if (length <= KEPT_BYTES_MAX) return Buffer.concat(kept);
    return await promisify(inflateRaw)(deflated, { maxOutputLength: length });
  } catch (error) {
    return (error as { code?: unknown }).code === 'Z_BUF_ERROR' ? 'TRUNCATED' : 'INFLATE_FAILED';
  }
}
