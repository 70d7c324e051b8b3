import { createHash } from 'node:crypto';
import { appendLine, readLines } from '../durable-file.ts';

/**
 * What was taken already, so that a restart doesn't take it again. Only hashes are kept: of a path with its size and time,
 * or of a series with its number of films. Forgetting one is harmless; the film is read again with the same verdict.
 */
export type Taken = {
  has(...parts: (string | number)[]): boolean;
  add(...parts: (string | number)[]): Promise<void>;
};

export async function openTaken(path: string): Promise<Taken> {
  const known = new Set(await readLines<string>(path));
  return {
    has: (...parts) => known.has(keyOf(parts)),
    add: async (...parts) => {
      known.add(keyOf(parts));
      await appendLine(path, keyOf(parts));
    },
  };
}

function keyOf(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22); // 132 bits
}
