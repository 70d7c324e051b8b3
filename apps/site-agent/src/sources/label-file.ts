import { stat } from 'node:fs/promises';
import { type Labels, readLabels } from '../films/labels.ts';

/** The labels of a file that others write: read again when it changed. Before there is a file, no film has a label. */
export function createLabelFile(path: string): () => Promise<Labels> {
  let known = { version: '', labels: new Map() as Labels };
  return async () => {
    const version = await versionOf(path);
    if (version === '') return new Map();
    if (version !== known.version) known = { version, labels: await readLabels(path) };
    return known.labels;
  };
}

async function versionOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${ino}/${size}/${mtimeMs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
