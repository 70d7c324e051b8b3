import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProblemError, type ReleaseFile } from '@synspine/protocol';

/** Writes a download to `path`; one that a crash tears there fails verification and is fetched again. Throws FILE_HASH_MISMATCH. */
export async function saveResponse(
  response: Response,
  file: ReleaseFile,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const partial = `${path}.partial`;
  const source = Readable.fromWeb(response.body as never);
  await pipeline(source, limitTo(file), createWriteStream(partial), { signal });
  await rename(partial, path);
}

/** Stops a download that grows beyond what the manifest lists, before it fills the disk. */
function limitTo(file: ReleaseFile) {
  return async function* (chunks: AsyncIterable<Uint8Array>) {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > file.size) throw new ProblemError('FILE_HASH_MISMATCH', file.name);
      yield chunk;
    }
  };
}
