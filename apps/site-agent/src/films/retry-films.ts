import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { readSourceSettings } from '../sources/settings.ts';
import type { IngestVerdict } from './ingest-folder.ts';
import { type IngestSourceOptions, streamSource } from './ingest-source.ts';
import { readWords } from './label-file/site-words.ts';
import { type Labels, readLabels } from './labels.ts';
import { createLearningMemory } from './learning-memory.ts';
import { openQuarantine, type QuarantineEntry } from './quarantine.ts';
import { describeFile, readFolderLabels } from './source.ts';

export type RetryOptions = Omit<IngestSourceOptions, 'source'> & {
  /** Instead of the label files that the films came with. */
  labelFile?: string;
};

/** An entry that says where its file lies. */
type Placed = QuarantineEntry & { folder: string };

/**
 * Reads refused files again, by the labels and the selection of now, and yields the new verdict on each. A file that is
 * gone is FILE_GONE. A received film is deleted once it was ingested. Throws LABELS_MISSING, LABELS_UNREADABLE.
 */
export async function* retryFilms(
  home: Home,
  entries: readonly QuarantineEntry[],
  { onProgress, labelFile, ...options }: RetryOptions,
): AsyncGenerator<IngestVerdict> {
  const placed = entries.filter((entry): entry is Placed => isFile(home, entry));
  const isThere = ({ folder, path }: Placed) => existsSync(join(folder, path));
  const gone = placed.filter((entry) => !isThere(entry));
  yield* await noteGone(home, gone);
  const memory = options.memory ?? createLearningMemory();
  let done = gone.length;
  for (const [folder, films] of groupByFolder(placed.filter(isThere))) {
    const labels = await labelsOf(home, folder, labelFile);
    const source = {
      folder,
      labels,
      labelFiles: [],
      hasFile: (file: string) => existsSync(join(folder, file)),
      films: films.map(({ path }) => describeFile(folder, path)),
    };
    for await (const verdict of streamSource(home, { ...options, memory, source })) {
      if (folder === home.folders.received) await forgetReceived(folder, verdict);
      if (!verdict.isOfHome) onProgress?.(++done, placed.length);
      yield verdict;
    }
  }
}

/** A film that left the home has no file but its square image, which is no film to read. */
function isFile(home: Home, { folder }: QuarantineEntry): boolean {
  return folder !== undefined && folder !== home.path;
}

async function noteGone(home: Home, gone: readonly Placed[]): Promise<IngestVerdict[]> {
  const quarantine = await openQuarantine(home);
  for (const { id: _, ...entry } of gone)
    quarantine.refuse({ ...entry, code: 'FILE_GONE', stage: 'ingest', at: new Date().toISOString() });
  await quarantine.save();
  return gone.map(({ path }) => ({ file: path, verdict: 'refused', code: 'FILE_GONE' }));
}

function groupByFolder(entries: readonly Placed[]): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const entry of entries) groups.set(entry.folder, [...(groups.get(entry.folder) ?? []), entry]);
  return groups;
}

/** Received films have the label file of the sources, others the one in their folder. */
async function labelsOf(home: Home, folder: string, labelFile: string | undefined): Promise<Labels> {
  const words = await readWords(home.files.labelWords);
  if (folder !== home.folders.received) return readFolderLabels(folder, words, labelFile);
  const path = labelFile ?? (await readSourceSettings(home))?.labels;
  return readLabels(path ? [path] : [], words);
}

async function forgetReceived(folder: string, { file, verdict, code }: IngestVerdict): Promise<void> {
  if (verdict === 'ingested' || code === 'DUPLICATE') await rm(join(folder, file), { force: true });
}
