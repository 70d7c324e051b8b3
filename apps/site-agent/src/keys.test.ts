import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from './home.ts';
import { makeKey, openKeyedHash, readKey } from './keys.ts';
import { useTemporaryFolders } from './test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
beforeEach(async () => {
  home = await openHome(await temporaryFolder(), { create: true });
});

describe('keys', () => {
  it('are separate for the door and for signing, and are made once', async () => {
    const auth = await makeKey(home, 'auth');
    expect(auth).not.toHaveProperty('d');
    expect(await makeKey(home, 'signing')).not.toEqual(auth);
    expect(await makeKey(home, 'auth')).toEqual(auth);
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

describe('the keyed hash', () => {
  it('is the same each time in one home and differs between homes', async () => {
    const other = await openHome(await temporaryFolder(), { create: true });
    const first = (await openKeyedHash(home))('patient', 'P-1');
    expect((await openKeyedHash(home))('patient', 'P-1')).toBe(first);
    expect((await openKeyedHash(other))('patient', 'P-1')).not.toBe(first);
  });

  it('tells a patient from a study of the same text', async () => {
    const hash = await openKeyedHash(home);
    expect(hash('patient', '1')).not.toBe(hash('study', '1'));
  });
});
