import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Refusal, SquareFilm } from '@synspine/dicom';
import { type FileStamp, type KeptVerdict, stampOf } from './decided-files.ts';
import type { SourceFilm } from './source.ts';

/** Reads one untrusted file, in a process of its own, as an image of MASTER_SIZE cut by the ingest's fit. */
export type ReadFilmFile = (path: string) => Promise<SquareFilm | Refusal>;

export type ReadFile = {
  source: SourceFilm;
  fileSha256: string;
  film: SquareFilm | Refusal;
  /** Of the file before it was read. */
  stamp?: FileStamp;
};

/** A file that was not read again: it was decided before. */
export type KeptFile = { source: SourceFilm; kept: KeptVerdict };

/** What was decided on a file that need not be read again. */
export type FindKept = (file: string, stamp: FileStamp) => Promise<KeptVerdict | undefined>;

type ReadAheadOptions = {
  folder: string;
  readFilm: ReadFilmFile;
  ahead: number;
  findKept?: FindKept;
  signal?: AbortSignal;
};

/**
 * Files in order, `ahead` of them read before they are asked for: the order decides which of two equal films is the
 * duplicate. After `signal` no file is begun; those that were are still handed out.
 */
export async function* readAhead(
  films: Iterable<SourceFilm> | AsyncIterable<SourceFilm>,
  { folder, readFilm, ahead, findKept, signal }: ReadAheadOptions,
): AsyncGenerator<ReadFile | KeptFile> {
  const pending: Promise<ReadFile | KeptFile>[] = [];
  const read = async (source: SourceFilm): Promise<ReadFile | KeptFile> => {
    const path = join(folder, source.file);
    const stamp = findKept && (await stampOf(path));
    const kept = stamp && (await findKept(source.file, stamp));
    if (kept) return { source, kept };
    const [fileSha256, film] = await Promise.all([hashFile(path), readFilm(path)]);
    return { source, fileSha256, film, ...(stamp && { stamp }) };
  };
  for await (const source of films) {
    if (signal?.aborted) break;
    const started = read(source);
    started.catch(() => undefined); // awaited below, in order
    pending.push(started);
    if (pending.length >= ahead) yield await pending.shift()!;
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
