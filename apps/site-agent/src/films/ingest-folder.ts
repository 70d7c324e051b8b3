import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Film, Fit, Refusal } from '@synspine/dicom';
import type { Home } from '../home.ts';
import { type KeyedHash, openKeyedHash } from '../keys.ts';
import { SiteError } from '../site-error.ts';
import { type Catalogue, openCatalogue } from './catalogue.ts';
import type { Label, Labels } from './labels.ts';
import { saveMaster } from './master-image.ts';
import { addToQuarantine, type Refused } from './quarantine.ts';

/** What became of one file; `file` is relative to the ingested folder. It is for the site's own eyes. */
export type IngestVerdict = {
  file: string;
  verdict: 'ingested' | 'refused';
  code: string | null;
  sopInstanceUid?: string;
  pixelSha256?: string;
  rows?: number;
  columns?: number;
};

/** Reads one untrusted file, in a process of its own. */
type ReadFilmFile = (path: string) => Promise<Film | Refusal>;

export type IngestOptions = {
  folder: string;
  labels: Labels;
  fit: Fit;
  readFilm: ReadFilmFile;
  /** Files that are read at once. */
  concurrency?: number;
  /** Files inside the folder that aren't films, such as the label file. */
  except?: readonly string[];
  onProgress?: (done: number, total: number) => void;
};

const SAVE_EVERY = 32; // files; a crash loses at most this many, and ingesting again brings them back

type Ingest = IngestOptions & {
  home: Home;
  catalogue: Catalogue;
  hash: KeyedHash;
  seen: Set<string>;
  refused: Refused[];
};

/**
 * Reads every file of a folder into the home: usable films as square images with a label, others into quarantine with
 * the reason. Ingesting again is harmless; a new label replaces the old one. Throws FOLDER_UNREADABLE, FIT_CONFLICT.
 */
export async function ingestFolder(home: Home, options: IngestOptions): Promise<IngestVerdict[]> {
  const catalogue = await openCatalogue(home);
  if (catalogue.films().some(({ fit }) => fit !== options.fit)) throw new SiteError('FIT_CONFLICT');
  const files = await listFiles(options.folder, options.except ?? []);
  const hash = await openKeyedHash(home);
  const ingest: Ingest = { ...options, home, catalogue, hash, seen: new Set(), refused: [] };
  const verdicts: IngestVerdict[] = [];
  for await (const read of readAhead(files, options)) {
    verdicts.push(await decide(ingest, read));
    if (verdicts.length % SAVE_EVERY === 0) await save(ingest);
    options.onProgress?.(verdicts.length, files.length);
  }
  await save(ingest);
  return verdicts;
}

async function save({ home, catalogue, refused }: Ingest): Promise<void> {
  await catalogue.save();
  await addToQuarantine(home, refused.splice(0));
}

type ReadFile = { file: string; fileSha256: string; film: Film | Refusal };

/** Files in order, some of them read ahead: the order decides which of two equal films is the duplicate. */
async function* readAhead(files: readonly string[], options: IngestOptions): AsyncGenerator<ReadFile> {
  const pending: Promise<ReadFile>[] = [];
  const read = async (file: string): Promise<ReadFile> => {
    const path = join(options.folder, file);
    return { file, fileSha256: await hashFile(path), film: await options.readFilm(path) };
  };
  for (const file of files) {
    const started = read(file);
    started.catch(() => undefined); // awaited below, in order
    pending.push(started);
    if (pending.length >= (options.concurrency ?? 2)) yield await pending.shift()!;
  }
  for (const last of pending) yield await last;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    return ''; // unreadable: the reader refuses it with a code
  }
  return hash.digest('hex');
}

async function decide(ingest: Ingest, { file, fileSha256, film }: ReadFile): Promise<IngestVerdict> {
  const refuse = (code: string, stage: string): IngestVerdict => {
    ingest.refused.push({ path: file, fileSha256, code, stage, at: new Date().toISOString() });
    return { file, verdict: 'refused', code };
  };
  if (!film.ok) return refuse(film.code, film.stage);
  const { sopInstanceUid, pixelSha256, rows, columns } = film;
  const facts = { sopInstanceUid, pixelSha256, rows, columns };
  if (isDuplicate(ingest, film, fileSha256)) return { ...refuse('DUPLICATE', 'ingest'), ...facts };
  const label = ingest.labels.get(sopInstanceUid);
  if (!label) return { ...refuse('NO_LABEL', 'ingest'), ...facts };
  await keepFilm(ingest, film, fileSha256, label);
  return { file, verdict: 'ingested', code: null, ...facts };
}

/** The same pixels or the same instance from another file, in this ingest or an earlier one. */
function isDuplicate({ catalogue, hash, seen }: Ingest, film: Film, fileSha256: string): boolean {
  const known = catalogue.byPixels(film.pixelSha256) ?? catalogue.byFilm(hash('film', film.sopInstanceUid));
  const isTwin = seen.has(film.pixelSha256) || seen.has(film.sopInstanceUid);
  return isTwin || (known !== undefined && known.fileSha256 !== fileSha256);
}

async function keepFilm(ingest: Ingest, film: Film, fileSha256: string, label: Label): Promise<void> {
  const { home, catalogue, hash, seen, fit } = ingest;
  const { pixelSha256, sopInstanceUid, studyInstanceUid, patientId, rows, columns } = film;
  seen.add(pixelSha256).add(sopInstanceUid);
  const patientKey = patientId?.trim() ? hash('patient', patientId) : hash('study', studyInstanceUid);
  const filmKey = hash('film', sopInstanceUid);
  await saveMaster(home, film, fit);
  const entry = { pixelSha256, patientKey, filmKey, fileSha256, label, rows, columns, fit };
  const known = catalogue.byPixels(pixelSha256);
  if (!known || known.label !== label) catalogue.add(entry);
}

async function listFiles(folder: string, except: readonly string[]): Promise<string[]> {
  try {
    const excluded = new Set(await Promise.all(except.map((path) => realpath(path))));
    const root = await realpath(folder);
    const entries = await readdir(root, { withFileTypes: true, recursive: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return paths
      .filter((path) => !excluded.has(path))
      .map((path) => relative(root, path))
      .sort();
  } catch (cause) {
    throw new SiteError('FOLDER_UNREADABLE', undefined, { cause });
  }
}
