import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { SiteError } from '../../site-error.ts';
import type { MediumFile } from './medium-file.ts';

const ENTRIES_MAX = 1_000_000;
/** Radiographs shrink to a third or so. Past this, an entry or the whole is made to fill a disk. */
const RATIO_MAX = 100;
const SMALL_BYTES = 1024 * 1024; // an empty or uniform file of this size harms nobody
const ENCRYPTED = 1;

/**
 * The files of a ZIP, in the order of its directory, each opened when it is asked for. yauzl checks names (none may leave
 * the folder) and that an entry is as long as it says. Throws MEDIA_UNREADABLE, MEDIA_REFUSED.
 */
export async function* readZip(path: string): AsyncGenerator<MediumFile> {
  const zip = await unreadable(() => openPromise(path, { autoClose: false, strictFileNames: true }));
  try {
    if (zip.entryCount > ENTRIES_MAX) throw new SiteError('MEDIA_REFUSED', 'too many files');
    const budget = { bytes: zip.fileSize * RATIO_MAX + SMALL_BYTES };
    const entries = zip.eachEntry()[Symbol.asyncIterator]();
    for (;;) {
      const next = await unreadable(() => entries.next());
      if (next.done) return;
      if (!next.value.fileName.endsWith('/')) yield describeEntry(zip, next.value, budget);
    }
  } finally {
    zip.close();
  }
}

/** `budget` is shared by all entries: overlapping ones, each within its ratio, can't add up to a bomb. */
function describeEntry(zip: ZipFile, entry: Entry, budget: { bytes: number }): MediumFile {
  const { fileName, uncompressedSize, compressedSize, generalPurposeBitFlag } = entry;
  const isBomb = uncompressedSize > SMALL_BYTES && uncompressedSize > compressedSize * RATIO_MAX;
  const isReadable = (generalPurposeBitFlag & ENCRYPTED) === 0 && entry.canDecodeFileData();
  return {
    file: fileName,
    open: async () => {
      if (isBomb) return { refused: 'TOO_LARGE' };
      if (!isReadable) return { refused: 'FILE_UNREADABLE' };
      budget.bytes -= uncompressedSize;
      if (budget.bytes < 0) throw new SiteError('MEDIA_REFUSED', 'too much data for its size');
      return { content: await unreadable(() => zip.openReadStreamPromise(entry)) };
    },
  };
}

async function unreadable<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new SiteError('MEDIA_UNREADABLE', undefined, { cause });
  }
}
