import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from './home.ts';
import { makeKey, openKeyedHash, readKey } from './keys.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});

/** Starts within the time that the first one takes, so that some find no key and end after others have theirs. */
function oneAfterAnother<T>(start: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 24 }, (_, i) => sleep(i).then(start)));
}

describe('keys', () => {
  it('are separate for the door and for signing, and are made once', async () => {
    const auth = await makeKey(home, 'auth');
    expect(auth).not.toHaveProperty('d');
    expect(await makeKey(home, 'signing')).not.toEqual(auth);
    expect(await makeKey(home, 'auth')).toEqual(auth);
  });

  it('are the same for all who make them at once', async () => {
    const made = await oneAfterAnother(() => makeKey(home, 'auth'));
    expect(new Set(made.map(({ x }) => x))).toEqual(new Set([(await makeKey(home, 'auth')).x]));
  });

  it('are readable by their owner alone', async () => {
    await makeKey(home, 'auth');
    await openKeyedHash(home);
    for (const name of await readdir(home.folders.keys)) {
      expect((await stat(join(home.folders.keys, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('are refused when others may read them', async () => {
    await makeKey(home, 'signing');
    await chmod(join(home.folders.keys, 'signing.jwk'), 0o640);
    await expect(readKey(home, 'signing')).rejects.toMatchObject({ code: 'HOME_TOO_OPEN' });
  });
});

describe('openHome', () => {
  it('makes one home, whoever else makes it at once', async () => {
    const folder = join(await temporaryFolder(), 'home');
    const opened = await oneAfterAnother(() => openHome(folder, { create: true }));
    expect(new Set(opened.map(({ id }) => id))).toEqual(new Set([(await openHome(folder)).id]));
  });
});

describe('the keyed hash', () => {
  it('is the same each time in one home and differs between homes', async () => {
    const other = await openHome(await temporaryFolder(), { create: true });
    const first = (await openKeyedHash(home))('patient', 'P-1');
    expect((await openKeyedHash(home))('patient', 'P-1')).toBe(first);
    expect((await openKeyedHash(other))('patient', 'P-1')).not.toBe(first);
  });

  it('is the same for all who open it at once in a new home', async () => {
    const opened = await oneAfterAnother(() => openKeyedHash(home));
    const kept = (await openKeyedHash(home))('patient', 'P-1');
    expect(new Set(opened.map((hash) => hash('patient', 'P-1')))).toEqual(new Set([kept]));
  });

  it('tells a patient from a study of the same text', async () => {
    const hash = await openKeyedHash(home);
    expect(hash('patient', '1')).not.toBe(hash('study', '1'));
  });
});
