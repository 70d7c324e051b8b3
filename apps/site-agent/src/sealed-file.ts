import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Guard, writeDurably } from './durable-file.ts';

/*
 * Disks decay: a bit flips, a block reads as zeros, a file ends early. The files that a run goes on from have their SHA-256
 * beside them, as `sha256sum --check` reads it. Files of 0.2 have none, and are taken as they are.
 */

const SEAL = '.sha256';
const DAMAGED = '.damaged';

/** {@link writeDurably}, with the file's SHA-256 beside it. */
export async function writeSealed(path: string, data: Uint8Array, guard: Guard): Promise<void> {
  const seal = `${sha256Of(data)}  ${basename(path)}\n`;
  const beforeRename = async () => {
    await guard();
    await rm(path, { force: true }); // an older file under a newer hash would read as damaged
    await writeDurably(`${path}${SEAL}`, seal);
  };
  await writeDurably(path, data, { guard: beforeRename });
}

/** The file's bytes; undefined when they are not those that were written. Fails with ENOENT. */
export async function readSealed(path: string): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(await readFile(path));
  const seal = await readFile(`${path}${SEAL}`, 'utf8').catch(undefinedIfMissing);
  const isSound = seal === undefined || seal === `${sha256Of(bytes)}  ${basename(path)}\n`;
  return isSound ? bytes : undefined;
}

export async function removeSealed(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}${SEAL}`, { force: true });
}

/** Gives a damaged file another name, so that it is not read again and a person can look at it. */
export async function setAside(path: string): Promise<void> {
  await rename(path, `${path}${DAMAGED}`).catch(undefinedIfMissing);
  await rename(`${path}${SEAL}`, `${path}${DAMAGED}${SEAL}`).catch(undefinedIfMissing);
}

/** A JSON value with the SHA-256 of its text in it. */
export function sealValue<T extends object>(value: T): T & { sha256: string } {
  const plain = JSON.parse(JSON.stringify(value)) as T; // as it is read again
  return { ...plain, sha256: sha256Of(JSON.stringify(plain)) };
}

/** A sealed JSON file: null when it is damaged, undefined when there is none. */
export async function readValue<T extends object>(path: string): Promise<T | null | undefined> {
  const text = await readFile(path, 'utf8').catch(undefinedIfMissing);
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as T & { sha256?: unknown };
    return isSoundValue(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether a JSON value is as it was sealed. One without a seal is 0.2’s. */
export function isSoundValue({ sha256, ...value }: { sha256?: unknown }): boolean {
  return sha256 === undefined || sha256 === sha256Of(JSON.stringify(value));
}

export function sha256Of(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Of a file of any size. Fails with ENOENT. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
