import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSource, type Source } from '../../films/source.ts';
import { SiteError } from '../../site-error.ts';

export type Site = { name: string; source: Source };

const LABEL_FILES = ['labels.csv', 'annotations/train.csv'];
const SINGLE = 'site';

/**
 * The sites in a folder: each subfolder with labels in it, or the folder itself when it has them. Throws
 * EXPERIMENT_NO_FILMS, FOLDER_UNREADABLE, LABELS_UNREADABLE.
 */
export async function findSites(data: string): Promise<Site[]> {
  if (hasLabels(data)) return [{ name: SINGLE, source: await readSource(data) }];
  const names = await listNames(data);
  const labelled = names.filter((name) => hasLabels(join(data, name)));
  if (labelled.length === 0) throw new SiteError('EXPERIMENT_NO_FILMS', 'no label file');
  const unfit = labelled.find((name) => !/^[\w-]{1,40}$/.test(name)); // it becomes a folder, and a line of the tables
  if (unfit !== undefined)
    throw new SiteError('EXPERIMENT_NO_FILMS', 'folder names: letters, digits, - and _');
  return Promise.all(labelled.map(async (name) => ({ name, source: await readSource(join(data, name)) })));
}

function hasLabels(folder: string): boolean {
  return LABEL_FILES.some((name) => existsSync(join(folder, name)));
}

async function listNames(data: string): Promise<string[]> {
  try {
    return (await readdir(data)).sort();
  } catch (cause) {
    throw new SiteError('FOLDER_UNREADABLE', undefined, { cause });
  }
}
