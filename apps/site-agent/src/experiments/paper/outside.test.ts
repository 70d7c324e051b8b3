import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { nameOutside, outsideName, withoutOutside } from './outside.ts';
import { findSites } from './sites.ts';

const temporaryFolder = useTemporaryFolders();

let data: string;
beforeEach(async () => {
  data = await temporaryFolder();
  for (const name of ['alder', 'birch', 'cedar']) await addSite(data, name);
});
async function addSite(...path: string[]): Promise<string> {
  const folder = join(...path);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'labels.csv'), 'sop_instance_uid,label\n1.2,normal\n');
  return folder;
}

describe('films from outside', () => {
  it('are named by their folder, in lower case with hyphens', () => {
    expect(outsideName('/srv/St. Elsewhere 2/')).toBe('st-elsewhere-2');
    expect(outsideName('/srv/…')).toBe('films');
  });

  it('are left out of training when they are one of the sites', async () => {
    const outside = await nameOutside({}, [join(data, 'cedar')]);
    const sites = await withoutOutside(await findSites(data), outside);
    expect(sites.map(({ name }) => name)).toEqual(['alder', 'birch']);
  });

  it('leave nothing to train on when they are all there is', async () => {
    const outside = await nameOutside(
      {},
      ['alder', 'birch', 'cedar'].map((name) => join(data, name)),
    );
    await expect(withoutOutside(await findSites(data), outside)).rejects.toMatchObject({
      code: 'EXPERIMENT_NO_FILMS',
    });
  });

  it('are refused when two folders would have one name, or one can not be read', async () => {
    const [a, b] = [await addSite(data, 'one', 'Films'), await addSite(data, 'two', 'films')];
    const named = await nameOutside({}, [a]);
    await expect(nameOutside(named, [b])).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(await nameOutside(named, [a])).toEqual(named);
    await expect(nameOutside({}, [join(data, 'missing')])).rejects.toMatchObject({
      code: 'FOLDER_UNREADABLE',
    });
  });
});
