import { stat } from 'node:fs/promises';
import { readWords } from '../films/label-file/site-words.ts';
import { type Labels, readLabels } from '../films/labels.ts';

/** The labels of a file that others write: read again when it changed. Before there is a file, no film has a label. */
export function createLabelFile(path: string, wordsPath: string): () => Promise<Labels> {
  let known = { version: '', labels: new Map() as Labels };
  return async () => {
    const own = await versionOf(path);
    if (own === '') return new Map();
    const version = `${own} ${await versionOf(wordsPath)}`;
    if (version !== known.version)
      known = { version, labels: await readLabels([path], await readWords(wordsPath)) };
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
