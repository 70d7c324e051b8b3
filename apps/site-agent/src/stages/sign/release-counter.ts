import { type Guard, readJson, writeJson } from '../../durable-file.ts';
import type { Home } from '../../home.ts';
import { openRegistry } from '../../registry/open-registry.ts';
import { isTransient } from '../../registry/retry.ts';

type Counter = { version: number };

/**
 * Asks the registry for its latest version of this site, in case the home was restored from an older copy. Without an
 * answer the home's own count stands: signing needs no network, and the registry refuses an old version anyway.
 */
export async function learnLatestVersion(home: Home): Promise<void> {
  const { client } = await openRegistry(home);
  try {
    const { version } = await client.call('latestVersion', {});
    await raise(home, version);
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
}

/** Takes the next version for a release; no two releases of a home get the same. */
export async function takeVersion(home: Home, guard: Guard): Promise<number> {
  const version = (await current(home)) + 1;
  await writeJson(home.files.releases, { version } satisfies Counter, { guard });
  return version;
}

async function raise(home: Home, version: number): Promise<void> {
  if (version > (await current(home))) await writeJson(home.files.releases, { version } satisfies Counter);
}

async function current(home: Home): Promise<number> {
  return (await readJson<Counter>(home.files.releases))?.version ?? 0;
}
