import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublicJwk } from '@synspine/protocol';
import { generateKeyPair, type PrivateJwk, publicJwkOf } from '@synspine/release';
import { writeDurably, writeJson } from './durable-file.ts';
import type { Home } from './home.ts';
import { SiteError } from './site-error.ts';

/** `auth` opens the registry's door, `signing` vouches for releases: a stolen door key can't sign. */
export type KeyName = 'auth' | 'signing';

/** Makes an Ed25519 key in the home unless it is there, and returns its public half. The private half never leaves. */
export async function makeKey(home: Home, name: KeyName): Promise<PublicJwk> {
  const path = keyPath(home, name);
  if (!existsSync(path)) {
    await mkdir(home.folders.keys, { recursive: true, mode: 0o700 });
    await writeJson(path, (await generateKeyPair()).privateJwk);
  }
  return publicJwkOf(await readKey(home, name));
}

/** The private key. Throws HOME_TOO_OPEN when others may read its file, NOT_ENROLLED when there is none. */
export async function readKey(home: Home, name: KeyName): Promise<PrivateJwk> {
  const path = keyPath(home, name);
  if (!existsSync(path)) throw new SiteError('NOT_ENROLLED');
  await assertPrivate(path);
  return JSON.parse(await readFile(path, 'utf8')) as PrivateJwk;
}

function keyPath(home: Home, name: KeyName): string {
  return join(home.folders.keys, `${name}.jwk`);
}

async function assertPrivate(path: string): Promise<void> {
  if (((await stat(path)).mode & 0o077) !== 0) throw new SiteError('HOME_TOO_OPEN');
}

/** Turns an identifier into a keyed hash (32 hexadecimal digits): equal for equal input, useless without the home's key. */
export type KeyedHash = (kind: 'patient' | 'study' | 'film', identifier: string) => string;

/** The home's keyed hash; its key is made on first use and never leaves the home. */
export async function openKeyedHash(home: Home): Promise<KeyedHash> {
  const path = join(home.folders.keys, 'split.key');
  if (!existsSync(path)) await writeDurably(path, randomBytes(32));
  await assertPrivate(path);
  const key = await readFile(path);
  return (kind, identifier) =>
    createHmac('sha256', key).update(`${kind}\0${identifier.trim()}`).digest('hex').slice(0, 32);
}
