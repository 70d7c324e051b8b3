import { isUid } from '@synspine/dicom';
import { SiteError } from '../../site-error.ts';
import { MultipartError, splitMultipart } from '../multipart/split-multipart.ts';
import type { Spool } from '../spool/spool.ts';
import type { Taken } from '../taken.ts';
import { type Days, FIRST_DATE, splitDays, tomorrow } from './days.ts';
import { type DicomWebClient, firstValue, type JsonObject } from './dicom-web-client.ts';

export type PullOptions = {
  modalities: readonly string[];
  /** Study dates, YYYYMMDD, both included. */
  from?: string;
  to?: string;
  /** Most studies in one answer; more of one day are refused. */
  pageSize: number;
  signal: AbortSignal;
  onSeries?: (counts: PullCounts) => void;
};

/** `known`: series of which every film had come before. */
export type PullCounts = { series: number; known: number; stored: number; refused: number };

const TAG = { study: '0020000D', series: '0020000E', modality: '00080060', films: '00201209' } as const;

type Series = { study: string; series: string; films: string };

/**
 * Asks a DICOMweb server for series of radiographs (QIDO-RS) and retrieves those that haven't come yet (WADO-RS) into the
 * spool. Stopped anywhere, the same call goes on with the first series that wasn't whole.
 */
export async function pullFilms(
  client: DicomWebClient,
  deps: { spool: Spool; taken: Taken },
  options: PullOptions,
): Promise<PullCounts> {
  const counts: PullCounts = { series: 0, known: 0, stored: 0, refused: 0 };
  for (const modality of options.modalities) {
    for await (const series of findSeries(client, modality, options)) {
      options.signal.throwIfAborted();
      counts.series++;
      if (deps.taken.has(series.series, series.films)) counts.known++;
      else await pullSeries(client, series, deps, options.signal, counts);
      options.onSeries?.(counts);
    }
  }
  return counts;
}

/** By studies, since not every server searches series on its own. */
async function* findSeries(
  client: DicomWebClient,
  modality: string,
  { from, to, pageSize }: PullOptions,
): AsyncGenerator<Series> {
  const dates = from || to ? { from: from ?? FIRST_DATE, to: to ?? tomorrow() } : null;
  for await (const found of findStudies(client, { modality, pageSize }, dates)) {
    const study = readUid(firstValue(found, TAG.study));
    const all = await client.search(`/studies/${study}/series`, { Modality: modality });
    for (const series of all) {
      if (firstValue(series, TAG.modality) !== modality) continue; // a server may ignore what it doesn't know
      yield { study, series: readUid(firstValue(series, TAG.series)), films: firstValue(series, TAG.films) };
    }
  }
}

/**
 * A full answer may not be the whole one: then each half of the days is asked for. Offsets would be simpler, but Orthanc
 * 1.10 answers nothing beyond the first page when modalities are searched, as if there were no more.
 */
async function* findStudies(
  client: DicomWebClient,
  query: { modality: string; pageSize: number },
  days: Days | null,
): AsyncGenerator<JsonObject> {
  const { modality, pageSize } = query;
  const studyDate = days && { StudyDate: `${days.from}-${days.to}` };
  const limits = { ModalitiesInStudy: modality, ...studyDate, limit: String(pageSize) };
  const found = await client.search('/studies', limits);
  if (found.length < pageSize) return yield* found;
  for (const half of splitDays(days ?? { from: FIRST_DATE, to: tomorrow() }))
    yield* findStudies(client, query, half);
}

/** A UID of the server's becomes part of a URL. */
function readUid(uid: string): string {
  if (!isUid(uid)) throw new SiteError('PULL_INVALID', 'a UID is not one');
  return uid;
}

async function pullSeries(
  client: DicomWebClient,
  { study, series, films }: Series,
  { spool, taken }: { spool: Spool; taken: Taken },
  signal: AbortSignal,
  counts: PullCounts,
): Promise<void> {
  const { body, boundary } = await client.retrieve(`/studies/${study}/series/${series}`);
  let missing = Number(films) || 0; // a server may not count them
  let isWhole = true;
  try {
    for await (const { content } of splitMultipart(body, boundary)) {
      const intake = await spool.begin({ waitMs: Number.POSITIVE_INFINITY, signal });
      try {
        for await (const bytes of content) await intake.write(bytes);
        const received = await intake.commit();
        counts[received.kind]++;
        missing--;
        if (received.kind === 'refused' && received.code === 'NO_ROOM') isWhole = false;
      } finally {
        await intake.discard();
      }
    }
  } catch (error) {
    if (error instanceof MultipartError) throw new SiteError('PULL_UNREACHABLE', 'the films ended early');
    throw error;
  }
  // What had no room is asked for again, and what the server left out for now (206 Partial Content).
  if (isWhole && missing <= 0) await taken.add(series, films);
}
