import { open } from 'node:fs/promises';
import type { Fit } from '@synspine/dicom';
import type { IngestVerdict } from '../../films/ingest-folder.ts';
import { readWords } from '../../films/label-file/site-words.ts';
import { readLabels } from '../../films/labels.ts';
import { createLearningMemory } from '../../films/learning-memory.ts';
import type { Home } from '../../home.ts';
import { defaultSourceSettings, readSourceSettings } from '../settings.ts';
import { openHomeSpool } from '../spool/open-home-spool.ts';
import { ingestMedium } from './ingest-medium.ts';
import { readZip } from './read-zip.ts';

export type MediumOptions = {
  path: string;
  /** Instead of the label file of sources.json. */
  labelFile?: string;
  fit: Fit;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
};

const ZIP_START = Buffer.from('PK\x03\x04', 'latin1'); // APPNOTE 4.3.7
const ZIP_EMPTY = Buffer.from('PK\x05\x06', 'latin1');

/** Tells a ZIP by its first bytes, whatever its name. False for folders. */
export async function isZip(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined); // whoever reads it next tells why not
  if (!file) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && (buffer.equals(ZIP_START) || buffer.equals(ZIP_EMPTY));
  } catch {
    return false; // a folder
  } finally {
    await file.close();
  }
}

/**
 * Ingests the films of a ZIP. Its films are known to labels by their UIDs; where no label file is named, none has a label.
 * Throws LABELS_MISSING where the named one is not there, LABELS_UNREADABLE,
 * SPOOL_IN_USE, MEDIA_UNREADABLE, MEDIA_REFUSED; ends early when `signal` aborts, and the same call goes on.
 */
export async function* streamMedium(home: Home, options: MediumOptions): AsyncGenerator<IngestVerdict> {
  const { path, labelFile, fit, signal, onProgress } = options;
  const configured = await readSourceSettings(home);
  const labelPath = labelFile ?? configured?.labels ?? '';
  const labels = await readLabels(labelPath ? [labelPath] : [], await readWords(home.files.labelWords));
  const settings = { ...(configured ?? defaultSourceSettings(labelPath)), fit };
  const { spool, release } = await openHomeSpool(home, settings);
  let done = 0;
  try {
    const noMore = AbortSignal.abort(); // a batch is whole before it is read
    const memory = createLearningMemory();
    const deps = { home, spool, settings, readLabels: async () => labels, memory, signal, noMore };
    for await (const verdict of ingestMedium(readZip(path), deps)) {
      onProgress(++done, done);
      yield verdict;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
}
