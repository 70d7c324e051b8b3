import type { IngestVerdict, SourceVerdict } from '../../films/ingest-folder.ts';
import { createMissingFinder, type MissingFile } from '../../films/missing-files.ts';
import { addToQuarantine } from '../../films/quarantine.ts';
import { ingestWaiting, type ReceivedDeps } from '../ingest-received.ts';
import type { MediumFile } from './medium-file.ts';

const BATCH_FILES = 256; // films on the way from the medium to the home at a time

type Names = Map<string, string[]>; // spooled name → files of the medium that hold it

/**
 * Ingests the films of a medium through the spool, some at a time, and yields the verdict on each file. Films that waited
 * in the spool before are ingested, too, without a verdict here. Then come the files that a DICOMDIR names and the medium lacks.
 */
export async function* ingestMedium(
  files: AsyncIterable<MediumFile>,
  deps: ReceivedDeps,
): AsyncGenerator<IngestVerdict> {
  let names: Names = new Map();
  const seen = new Set<string>();
  const missing = createMissingFinder();
  const directories = new Map<string, string[] | number>(); // a DICOMDIR → the files that it names
  const ingestNames = async (): Promise<IngestVerdict[]> => {
    const verdicts = await ingestNamed(names, deps);
    names = new Map();
    return verdicts.map(({ namedFiles, ...verdict }) => {
      if (namedFiles)
        directories.set(verdict.file, missing.takes(namedFiles) ? namedFiles : namedFiles.length);
      return verdict;
    });
  };
  for await (const file of files) {
    seen.add(file.file);
    if (names.size >= BATCH_FILES || !(await deps.spool.hasRoom())) yield* await ingestNames();
    const refusal = await spoolFile(file, names, deps);
    if (refusal) yield* await refuseFiles([{ file: file.file, code: refusal }], 'parse', deps);
  }
  yield* await ingestNames();
  for (const [directory, named] of directories) {
    const files = missing.find(directory, named, (path) => seen.has(path));
    yield* await refuseFiles(files, 'ingest', deps);
  }
}

/** Reads what waits in the spool, and tells about the files in `names`. */
async function ingestNamed(names: Names, deps: ReceivedDeps): Promise<SourceVerdict[]> {
  const verdicts: SourceVerdict[] = [];
  while (deps.spool.waiting(1).length > 0) {
    for (const verdict of await ingestWaiting(deps)) {
      if (verdict.isOfHome) verdicts.push(verdict);
      const [first, ...twins] = names.get(verdict.file) ?? [];
      if (first) verdicts.push({ ...verdict, file: first });
      for (const file of twins) verdicts.push({ ...verdict, file, verdict: 'refused', code: 'DUPLICATE' });
    }
  }
  return verdicts;
}

/** Puts one file into the spool; a code when it can't be a film. Waits where others fill the disk. */
async function spoolFile(
  { file, open }: MediumFile,
  names: Names,
  deps: ReceivedDeps,
): Promise<string | undefined> {
  const opened = await open();
  if ('refused' in opened) return opened.refused;
  opened.content.on('error', () => undefined); // told by the loop below; yauzl's streams tell it again afterwards
  const { spool, signal } = deps;
  const intake = await spool.begin({ waitMs: Number.POSITIVE_INFINITY, signal });
  try {
    for await (const bytes of opened.content) await intake.write(bytes as Uint8Array);
    const received = await intake.commit();
    if (received.kind === 'refused') return received.code;
    names.set(received.name, [...(names.get(received.name) ?? []), file]);
    return undefined;
  } catch (error) {
    opened.content.destroy();
    if (signal.aborted) throw error;
    return 'FILE_UNREADABLE'; // damaged on the medium
  } finally {
    await intake.discard();
  }
}

type Refusable = Pick<MissingFile, 'file' | 'count'> & { code: string };

/** Files that never were in the spool: the medium has them, so they aren't kept. */
async function refuseFiles(
  files: readonly Refusable[],
  stage: 'parse' | 'ingest',
  { home }: ReceivedDeps,
): Promise<IngestVerdict[]> {
  const at = new Date().toISOString();
  const refused = files.map(({ file: path, ...why }) => ({ path, fileSha256: '', stage, at, ...why }));
  await addToQuarantine(home, refused);
  return files.map((file) => ({ ...file, verdict: 'refused' }));
}
