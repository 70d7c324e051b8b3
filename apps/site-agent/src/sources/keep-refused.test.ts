import { mkdir, readdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { boundKept } from './keep-refused.ts';

const temporaryFolder = useTemporaryFolders();

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'received');
  await mkdir(folder);
});

describe('films kept after a refusal', () => {
  it('go from the oldest on until the rest fits', async () => {
    for (const name of ['first', 'second', 'third']) {
      await writeFile(join(folder, name), new Uint8Array(100));
      await new Promise((resolve) => setTimeout(resolve, 20)); // another ctime
    }
    await boundKept(folder, { bytesMax: 250, days: 1 });
    expect((await readdir(folder)).sort()).toEqual(['second', 'third']);
    await boundKept(folder, { bytesMax: 250, days: 0 });
    expect(await readdir(folder)).toEqual([]);
  });

  it('are bounded although one of them is gone when it is looked at', async () => {
    await writeFile(join(folder, 'film'), new Uint8Array(100));
    await symlink(join(folder, 'gone'), join(folder, 'retried')); // listed, and not there
    await boundKept(folder, { bytesMax: 50, days: 1 });
    expect(await readdir(folder)).toEqual(['retried']);
    await unlink(join(folder, 'retried')); // a link to nothing can't be cleared away with its target
  });
});
