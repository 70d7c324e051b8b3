import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublicJwk } from '@synspine/protocol';
import { generateKeyPair, type PrivateJwk, publicJwkOf } from '@synspine/release';
import { writeOnce } from './durable-file.ts';
import type { Home } from './home.ts';
import { SiteError } from './site-error.ts';

/** `auth` opens the registry's door, `signing` vouches for releases: a stolen door key can't sign. */
export type KeyName = 'auth' | 'signing' | NextKeyName;
/** Keys that were made to take the place of the present ones, and may or may not be registered yet. */
type NextKeyName = 'auth-next' | 'signing-next';

/** Makes an Ed25519 key in the home unless it is there, and returns its public half. The private half never leaves. */
export async function makeKey(home: Home, name: KeyName): Promise<PublicJwk> {
  const path = keyPath(home, name);
  if (!existsSync(path)) {
    await mkdir(home.folders.keys, { recursive: true, mode: 0o700 });
    await writeOnce(path, `${JSON.stringify((await generateKeyPair()).privateJwk, null, 2)}\n`);
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

export function keyPath(home: Home, name: KeyName): string {
  return join(home.folders.keys, `${name}.jwk`);
}

async function assertPrivate(path: string): Promise<void> {
  if (((await stat(path)).mode & 0o077) !== 0) throw new SiteError('HOME_TOO_OPEN');
}

/** Turns an identifier into a keyed hash (32 hexadecimal digits): equal for equal input, useless without the home's key. */
export type KeyedHash = (kind: 'patient' | 'study' | 'film' | 'file', identifier: string) => string;

/** The home's keyed hash; its key is made on first use and never leaves the home. */
export async function openKeyedHash(home: Home): Promise<KeyedHash> {
  const key = await readSecretKey(home);
  return (kind, identifier) =>
    createHmac('sha256', key).update(`${kind}\0${identifier.trim()}`).digest('hex').slice(0, 32);
}

async function readSecretKey(home: Home): Promise<Buffer> {
  const path = join(home.folders.keys, 'split.key');
  if (!existsSync(path)) await writeOnce(path, randomBytes(32)); // two keys would make two patients of one
  await assertPrivate(path);
  return readFile(path);
}

/** Makes a text unreadable without the home's key, and readable again with it. */
export type Seal = {
  seal(text: string): string;
  /** undefined for what this home did not seal. */
  unseal(sealed: string): string | undefined;
};

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a key made from the home's secret one. */
export async function openSeal(home: Home): Promise<Seal> {
  const key = createHmac('sha256', await readSecretKey(home))
    .update('seal')
    .digest();
  return {
    seal: (text) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    unseal: (sealed) => {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      try {
        return (
          decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch {
        return undefined;
      }
    },
  };
}
