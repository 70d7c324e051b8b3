import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Fit, Refusal, SquareFilm } from '@synspine/dicom';
import type { Home } from '../home.ts';
import { type KeyedHash, openKeyedHash } from '../keys.ts';
import { SiteError } from '../site-error.ts';
import { type Catalogue, type CatalogueFilm, openCatalogue } from './catalogue.ts';
import { type FilmLabel, findLabel } from './labels.ts';
import { saveMaster } from './master-image.ts';
import { addToQuarantine, type Refused } from './quarantine.ts';
import type { Source, SourceFilm } from './source.ts';

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

/** Reads one untrusted file, in a process of its own, as an image of MASTER_SIZE cut by the ingest's fit. */
type ReadFilmFile = (path: string) => Promise<SquareFilm | Refusal>;

export type IngestOptions = {
  source: Source;
  fit: Fit;
  readFilm: ReadFilmFile;
  /** Files that are read at once. */
  concurrency?: number;
  /** Holds out the films that the data set's authors call test films, and no others. */
  keepPublishedHoldOut?: boolean;
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
 * Reads every film of a source into the home: usable films as square images with a label, others into quarantine with
 * the reason. Ingesting again is harmless; a new label replaces the old one. Throws FIT_CONFLICT.
 */
export async function ingestFolder(home: Home, options: IngestOptions): Promise<IngestVerdict[]> {
  const catalogue = await openCatalogue(home);
  if (catalogue.films().some(({ fit }) => fit !== options.fit)) throw new SiteError('FIT_CONFLICT');
  const { films } = options.source;
  const hash = await openKeyedHash(home);
  const ingest: Ingest = { ...options, home, catalogue, hash, seen: new Set(), refused: [] };
  const verdicts: IngestVerdict[] = [];
  for await (const read of readAhead(films, options)) {
    verdicts.push(await decide(ingest, read));
    if (verdicts.length % SAVE_EVERY === 0) await save(ingest);
    options.onProgress?.(verdicts.length, films.length);
  }
  await save(ingest);
  return verdicts;
}

async function save({ home, catalogue, refused }: Ingest): Promise<void> {
  await catalogue.save();
  await addToQuarantine(home, refused.splice(0));
}

type ReadFile = { source: SourceFilm; fileSha256: string; film: SquareFilm | Refusal };

/** Files in order, some of them read ahead: the order decides which of two equal films is the duplicate. */
async function* readAhead(films: readonly SourceFilm[], options: IngestOptions): AsyncGenerator<ReadFile> {
  const pending: Promise<ReadFile>[] = [];
  const read = async (source: SourceFilm): Promise<ReadFile> => {
    const path = join(options.source.folder, source.file);
    return { source, fileSha256: await hashFile(path), film: await options.readFilm(path) };
  };
  for (const source of films) {
    const started = read(source);
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

async function decide(ingest: Ingest, { source, fileSha256, film }: ReadFile): Promise<IngestVerdict> {
  const { file, published } = source;
  const refuse = (code: string, stage: string): IngestVerdict => {
    ingest.refused.push({ path: file, fileSha256, code, stage, at: new Date().toISOString() });
    return { file, verdict: 'refused', code };
  };
  if (!film.ok) return { ...refuse(film.code, film.stage), ...film.facts };
  const { sopInstanceUid, pixelSha256, rows, columns } = film;
  const facts = { sopInstanceUid, pixelSha256, rows, columns };
  if (isDuplicate(ingest, film, fileSha256)) return { ...refuse('DUPLICATE', 'ingest'), ...facts };
  const label = findLabel(ingest.source.labels, sopInstanceUid, file);
  if (!label) return { ...refuse('NO_LABEL', 'ingest'), ...facts };
  const isHeldOut = ingest.keepPublishedHoldOut === true && published === 'test';
  await keepFilm(ingest, film, { fileSha256, label, isHeldOut });
  return { file, verdict: 'ingested', code: null, ...facts };
}

/** The same pixels or the same instance from another file, in this ingest or an earlier one. */
function isDuplicate({ catalogue, hash, seen }: Ingest, film: SquareFilm, fileSha256: string): boolean {
  const known = catalogue.byPixels(film.pixelSha256) ?? catalogue.byFilm(hash('film', film.sopInstanceUid));
  const isTwin = seen.has(film.pixelSha256) || seen.has(film.sopInstanceUid);
  return isTwin || (known !== undefined && known.fileSha256 !== fileSha256);
}

type FilmFacts = { fileSha256: string; label: FilmLabel; isHeldOut: boolean };

async function keepFilm(ingest: Ingest, film: SquareFilm, facts: FilmFacts): Promise<void> {
  const { home, catalogue, hash, seen, fit } = ingest;
  const { fileSha256, label, isHeldOut } = facts;
  const { pixelSha256, sopInstanceUid, studyInstanceUid, patientId, rows, columns } = film;
  seen.add(pixelSha256).add(sopInstanceUid);
  const study = label.group ?? studyInstanceUid;
  const patientKey = patientId?.trim() ? hash('patient', patientId) : hash('study', study);
  const filmKey = hash('film', sopInstanceUid);
  await saveMaster(home, film);
  const part = isHeldOut ? { part: 'hold-out' as const } : {};
  const keys = { pixelSha256, patientKey, filmKey, fileSha256 };
  const entry: CatalogueFilm = { ...keys, findings: label.findings, ...part, rows, columns, fit };
  const known = catalogue.byPixels(pixelSha256);
  const isKnown = known && isDeepStrictEqual([known.findings, known.part], [entry.findings, entry.part]);
  if (!isKnown) catalogue.add(entry);
}
