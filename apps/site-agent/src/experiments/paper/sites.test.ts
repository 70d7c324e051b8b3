import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { findSites } from './sites.ts';

const temporaryFolder = useTemporaryFolders();

let data: string;
beforeEach(async () => {
  data = await temporaryFolder();
});
async function addLabels(...folder: string[]): Promise<void> {
  await mkdir(join(data, ...folder), { recursive: true });
  await writeFile(join(data, ...folder, 'labels.csv'), 'sop_instance_uid,label\n1.2,normal\n');
}
const namesIn = async () => (await findSites(data)).map(({ name }) => name);

describe('the sites of an experiment', () => {
  it('are the subfolders with labels, in order of their names', async () => {
    await addLabels('birch');
    await addLabels('alder');
    await mkdir(join(data, 'notes'));
    expect(await namesIn()).toEqual(['alder', 'birch']);
  });

  it('are the folder itself when it has labels', async () => {
    await addLabels();
    await addLabels('birch');
    expect(await namesIn()).toEqual(['site']);
  });

  it('are refused when there are none, or when a name could not be a folder’s', async () => {
    await expect(findSites(data)).rejects.toMatchObject({ code: 'EXPERIMENT_NO_FILMS' });
    await addLabels('St. Elsewhere');
    await expect(findSites(data)).rejects.toMatchObject({ code: 'EXPERIMENT_NO_FILMS' });
    await expect(findSites(join(data, 'missing'))).rejects.toMatchObject({ code: 'FOLDER_UNREADABLE' });
  });
});
