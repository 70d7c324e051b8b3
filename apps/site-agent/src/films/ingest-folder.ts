import { resolve } from 'node:path';
import type { FilmView, Fit, SelectionPolicy } from '@synspine/dicom';
import type { Home } from '../home.ts';
import { openKeyedHash } from '../keys.ts';
import { SiteError } from '../site-error.ts';
import { openCatalogueIndex, shorten } from './catalogue-index.ts';
import { decideFilm, type Ingest, patientKeyOf, refuseMissing } from './decide-film.ts';
import { type DecidedFiles, type KeptVerdict, openDecidedFiles } from './decided-files.ts';
import { judgeHome } from './look/judge-home.ts';
import { type JudgedFile, judgeReads, type LearnLook } from './look/judge-reads.ts';
import type { LookJudge } from './look/learn-look.ts';
import { hasMaster } from './master-image.ts';
import { createMissingFinder } from './missing-files.ts';
import { openQuarantine } from './quarantine.ts';
import { type FindKept, type KeptFile, type ReadFile, type ReadFilmFile, readAhead } from './read-ahead.ts';
import type { Source } from './source.ts';
import { type WaitOptions, waitForRoom } from './wait-for-room.ts';

/** What became of one file; `file` is relative to the ingested folder. It is for the site's own eyes. */
export type IngestVerdict = {
  file: string;
  verdict: 'ingested' | 'refused';
  code: string | null;
  sopInstanceUid?: string;
  pixelSha256?: string;
  rows?: number;
  columns?: number;
  /** Files that it is on, where that isn't one. */
  count?: number;
  /** The cell of the label file to correct, where that is why; rows count as in a spreadsheet. */
  labelRow?: number;
  labelColumn?: string;
};

export type SourceVerdict = IngestVerdict & {
  /** What a DICOMDIR named, where nobody has looked yet whether that is there. */
  namedFiles?: string[];
  /** On no file of the source but on a film that the home had before; `file` is its square image there. */
  isOfHome?: true;
};

export type IngestOptions = Pick<WaitOptions, 'onDiskFull'> & {
  source: Source;
  fit: Fit;
  readFilm: ReadFilmFile;
  /** Views that are wanted; all of them by default. The reader has judged by tags, this judges what the classifier saw. */
  views?: SelectionPolicy['views'];
  /** Tells the view of a square image whose tags do not; without it such a film stays 'unknown'. */
  classifyView?: (square: Uint8Array) => Promise<FilmView>;
  /** Learns what the site's films look like, to refuse others; without it nobody looks. */
  learnLook?: LearnLook;
  /** Keeps verdicts, and doesn't read again what was decided and has not changed. */
  keptVerdicts?: KeptVerdicts;
  /** Files that are read at once. */
  concurrency?: number;
  /** Holds out the films that the data set's authors call test films, and no others. */
  keepPublishedHoldOut?: boolean;
  onProgress?: (done: number, total: number) => void;
  /** Ends the ingest after the films that are being read, with all verdicts saved; the same ingest goes on later. */
  signal?: AbortSignal;
};

/** How verdicts are kept from one ingest to the next. */
type KeptVerdicts = {
  /** Hash of all that decides beside the files themselves. */
  rules: string;
  /** Reads everything again, and keeps what is decided now. */
  reread: boolean;
  /** Whether a kept verdict would be another by what the site has learnt since. */
  isOutdated(verdict: KeptVerdict): Promise<boolean>;
};

const SAVE_EVERY = 32; // files; a crash loses at most this many, and ingesting again brings them back
const READ_AHEAD = 2; // films beside those being read, so that no reader waits while a verdict is written

/**
 * Reads every film of a source into the home: usable films as square images with a label, others into quarantine with
 * the reason. Memory does not grow with the number of films, but for some 150 bytes each. Ingesting again is harmless; a
 * new label replaces the old one. Throws FIT_CONFLICT.
 */
export async function* ingestFilms(home: Home, options: IngestOptions): AsyncGenerator<SourceVerdict> {
  const { source, readFilm, signal, learnLook, concurrency = 2 } = options;
  const catalogue = await openCatalogueIndex(home);
  const quarantine = await openQuarantine(home);
  let decided: DecidedFiles | undefined;
  const save = () =>
    waitForRoom(async () => {
      await catalogue.save();
      await quarantine.save();
      await decided?.save(); // last: what it holds is not read again
    }, options);
  try {
    if (catalogue.fit !== undefined && catalogue.fit !== options.fit) throw new SiteError('FIT_CONFLICT');
    const hash = await waitForRoom(() => openKeyedHash(home), options);
    const refusedFolder = resolve(source.refusedFolder ?? source.folder);
    const ingest: Ingest = { ...options, home, catalogue, quarantine, hash, refusedFolder, seen: new Set() };
    const { keptVerdicts } = options;
    decided =
      keptVerdicts && (await openDecidedFiles(home, { folder: refusedFolder, hash, ...keptVerdicts }));
    const findKept = decided && createFinder(ingest, decided, keptVerdicts!);
    const reading = { folder: source.folder, readFilm, ahead: concurrency + READ_AHEAD, findKept, signal };
    const reads = countReads(readAhead(source.films, reading), options);
    let judge: LookJudge | undefined;
    const learn: LearnLook = async (more) => {
      judge = await learnLook!(more);
      return judge;
    };
    const judged = learnLook ? judgeReads(reads, learn, (film) => patientKeyOf(hash, film)) : reads;
    const missing = createMissingFinder();
    let unsaved = 0;
    for await (const read of judged) {
      if ('kept' in read) {
        yield takeKept(ingest, read);
        continue;
      }
      const { namedFiles, ...verdict } = await decideFilm(ingest, read);
      if (read.stamp) decided?.keep(verdict.file, read.stamp, describeKept(verdict, read));
      unsaved = (unsaved + 1) % SAVE_EVERY;
      if (unsaved === 0) await save();
      if (!namedFiles || !source.hasFile) {
        yield namedFiles ? { ...verdict, namedFiles } : verdict;
        continue;
      }
      yield verdict;
      const names = missing.takes(namedFiles) ? namedFiles : namedFiles.length;
      for (const file of missing.find(verdict.file, names, source.hasFile)) yield refuseMissing(ingest, file);
    }
    await save();
    if (judge) yield* judgeHome(ingest, judge, save);
  } finally {
    await catalogue.close();
    await decided?.close();
  }
}

/** A verdict holds while its film is still in the home. */
function createFinder(
  { home, catalogue }: Ingest,
  decided: DecidedFiles,
  { reread, isOutdated }: KeptVerdicts,
): FindKept {
  return async (file, stamp) => {
    const kept = reread ? undefined : await decided.find(file, stamp);
    if (!kept || (await isOutdated(kept))) return undefined;
    if (kept.code !== null) return kept;
    const { pixelSha256 = '' } = kept;
    const isThere = hasMaster(home, pixelSha256) && (await catalogue.byPixels(pixelSha256)) !== undefined;
    return isThere ? kept : undefined;
  };
}

function takeKept({ seen }: Ingest, { source, kept }: KeptFile): IngestVerdict {
  const { look: _, ...verdict } = kept;
  if (verdict.code === null) seen.add(shorten(verdict.pixelSha256!));
  return { file: source.file, ...verdict };
}

function describeKept({ file: _, ...verdict }: IngestVerdict, { look }: JudgedFile): KeptVerdict {
  return { ...verdict, ...(look && { look }) };
}

async function* countReads(reads: AsyncIterable<ReadFile | KeptFile>, { source, onProgress }: IngestOptions) {
  let done = 0;
  for await (const read of reads) {
    done++;
    onProgress?.(done, source.count ?? done);
    yield read;
  }
}

/** An ingest to its end, with all verdicts in memory: for sources of a bounded size. Throws the signal's reason when it was stopped. */
export async function collectVerdicts(
  ingest: AsyncIterable<IngestVerdict>,
  signal?: AbortSignal,
): Promise<IngestVerdict[]> {
  const verdicts: IngestVerdict[] = [];
  for await (const verdict of ingest) verdicts.push(verdict);
  signal?.throwIfAborted();
  return verdicts;
}

/** {@link ingestFilms} to its end. */
export async function ingestFolder(home: Home, options: IngestOptions): Promise<IngestVerdict[]> {
  return collectVerdicts(ingestFilms(home, options), options.signal);
}
