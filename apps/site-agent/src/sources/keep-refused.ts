import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/** Removes kept films that are too old, then the oldest until the rest fits. */
export async function boundKept(
  folder: string,
  { bytesMax, days }: { bytesMax: number; days: number },
): Promise<void> {
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  const films = (await Promise.all(paths.map(describe))).flat();
  films.sort((a, b) => b.keptAt - a.keptAt);
  let bytes = 0;
  for (const { path, size, keptAt } of films) {
    bytes += size;
    if (bytes > bytesMax || Date.now() - keptAt > days * DAY_MS) await rm(path, { force: true });
  }
}

/** None where it has just been taken up by a retry. */
async function describe(path: string): Promise<{ path: string; size: number; keptAt: number }[]> {
  try {
    const { size, ctimeMs } = await stat(path); // ctime: when it was moved here
    return [{ path, size, keptAt: ctimeMs }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}
