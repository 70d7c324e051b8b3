import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 86_400_000;

/** Removes kept films that are too old, then the oldest until the rest fits. */
export async function boundKept(
  folder: string,
  { bytesMax, days }: { bytesMax: number; days: number },
): Promise<void> {
  const names = await readdir(folder);
  const films = await Promise.all(
    names.map(async (name) => {
      const { size, ctimeMs } = await stat(join(folder, name)); // ctime: when it was moved here
      return { path: join(folder, name), size, keptAt: ctimeMs };
    }),
  );
  films.sort((a, b) => b.keptAt - a.keptAt);
  let bytes = 0;
  for (const { path, size, keptAt } of films) {
    bytes += size;
    if (bytes > bytesMax || Date.now() - keptAt > days * DAY_MS) await rm(path, { force: true });
  }
}
