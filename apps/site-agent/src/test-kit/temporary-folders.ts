import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/**
 * Call once at the top of a test file: returns a maker of empty folders that are gone when the file's tests are over,
 * together with what they link to (under root, a home's PostgreSQL lives elsewhere).
 */
export function useTemporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const folder of made) await removeWithLinks(folder);
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'synspine-'));
    made.push(folder);
    return folder;
  };
}

async function removeWithLinks(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  for (const { parentPath, name } of links) {
    await rm(await realpath(join(parentPath, name)), { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}
