import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { StorageError } from './errors.ts';

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function assertDigest(actual: string, expected: string): void {
  if (actual !== expected) throw new StorageError('DIGEST_MISMATCH');
}

/** sha256 and length of everything that `chunks` yields. */
export async function digestStream(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest('hex'), size };
}

/** The file's bytes in pieces of `pieceBytes`, only the last smaller; an empty file has none. */
export async function* readPieces(path: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(pieceBytes);
      let filled = 0;
      while (filled < pieceBytes) {
        const { bytesRead } = await file.read(piece, filled, pieceBytes - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      if (filled > 0) yield piece.subarray(0, filled);
      if (filled < pieceBytes) return;
    }
  } finally {
    await file.close();
  }
}
