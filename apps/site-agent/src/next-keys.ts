import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateJwk } from '@synspine/release';
import { syncFolder, writeDurably } from './durable-file.ts';
import type { Home } from './home.ts';
import { keyPath, makeKey, readKey } from './keys.ts';

const NAMES = ['signing', 'auth'] as const;

/** Written once the registry has taken the next keys: from then on the present ones are worth nothing. */
const takenPath = (home: Home) => join(home.folders.keys, 'next-are-registered');

/** Written first where somebody said that the present keys may be in other hands. */
const reportPath = (home: Home) => join(home.folders.keys, 'old-are-compromised');

/** Keeps for the exchange of keys that the present ones may be in other hands. */
export function reportOld(home: Home): Promise<void> {
  return writeDurably(reportPath(home), '');
}

export function isOldReported(home: Home): boolean {
  return existsSync(reportPath(home));
}

/** Whether keys were made that have not taken the place of the present ones yet. */
export function hasNextKeys(home: Home): boolean {
  return [takenPath(home), ...NAMES.map((name) => keyPath(home, `${name}-next`))].some(existsSync);
}

/** The keys that are to follow the present ones, the same ones each time until they have. */
export async function makeNextKeys(home: Home): Promise<{ authKey: PrivateJwk; signingKey: PrivateJwk }> {
  if (existsSync(takenPath(home))) await takeNextKeys(home);
  for (const name of NAMES) await makeKey(home, `${name}-next`);
  return { authKey: await readKey(home, 'auth-next'), signingKey: await readKey(home, 'signing-next') };
}

/**
 * Puts the next keys in the place of the present ones, which are gone then. Call it once the registry has taken them: cut off
 * anywhere, it goes on where it was.
 */
export async function takeNextKeys(home: Home): Promise<void> {
  await writeDurably(takenPath(home), '');
  for (const name of NAMES) {
    const next = keyPath(home, `${name}-next`);
    await rename(next, keyPath(home, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error; // done already, before it was cut off or by another process
    });
  }
  await rm(reportPath(home), { force: true });
  await syncFolder(home.folders.keys);
  await rm(takenPath(home), { force: true });
}

/** Forgets next keys that must not become this home's. */
export async function dropNextKeys(home: Home): Promise<void> {
  for (const name of NAMES) await rm(keyPath(home, `${name}-next`), { force: true });
}

/** Whether the registry is known to have taken the next keys. */
export function areRegistered(home: Home): boolean {
  return existsSync(takenPath(home));
}
