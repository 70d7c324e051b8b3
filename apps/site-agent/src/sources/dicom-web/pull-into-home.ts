import type { Home } from '../../home.ts';
import { SiteError } from '../../site-error.ts';
import { ingestAsTheyCome, type ReadCounts } from '../ingest-received.ts';
import { createLabelFile } from '../label-file.ts';
import { readSecret } from '../secret-file.ts';
import type { DicomWebSettings, SourceSettings } from '../settings.ts';
import { openHomeSpool } from '../spool/open-home-spool.ts';
import { openTaken } from '../taken.ts';
import { createDicomWebClient, type DicomWebClient } from './dicom-web-client.ts';
import { type PullCounts, type PullOptions, pullFilms } from './pull-films.ts';

export type PullChoice = Pick<PullOptions, 'from' | 'to' | 'onSeries'> & { signal: AbortSignal };

/**
 * Pulls films from the DICOMweb server of the settings and ingests them meanwhile. Throws SOURCES_MISSING without such a
 * server, SPOOL_IN_USE, and what {@link createDicomWebClient} and an ingest throw.
 */
export async function pullIntoHome(
  home: Home,
  settings: SourceSettings,
  choice: PullChoice,
): Promise<PullCounts & ReadCounts> {
  if (!settings.dicomWeb) throw new SiteError('SOURCES_MISSING', 'no dicomWeb');
  const { modalities, pageSize } = settings.dicomWeb;
  const { spool, release } = await openHomeSpool(home, settings);
  const read: ReadCounts = { ingested: 0, refused: 0 };
  const onRead = (counts: ReadCounts) => {
    read.ingested += counts.ingested;
    read.refused += counts.refused;
  };
  const [failed, noMore] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([choice.signal, failed.signal]);
  const readLabels = createLabelFile(settings.labels, home.files.labelWords);
  const deps = { home, spool, settings, readLabels, onRead, signal, noMore: noMore.signal };
  // An ingest that can't go on ends the pull.
  const ingesting = ingestAsTheyCome(deps).catch((error) => failed.abort(error));
  try {
    const client = await openClient(settings.dicomWeb, signal);
    const taken = await openTaken(home.files.taken);
    const counts = await pullFilms(client, { spool, taken }, { ...choice, modalities, pageSize, signal });
    noMore.abort();
    await ingesting;
    signal.throwIfAborted();
    return { ...counts, refused: counts.refused + read.refused, ingested: read.ingested };
  } catch (error) {
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    failed.abort();
    await ingesting;
    release();
  }
}

async function openClient(settings: DicomWebSettings, signal: AbortSignal): Promise<DicomWebClient> {
  const { url, tokenFile, basicFile, idleSeconds } = settings;
  const basic = basicFile && `Basic ${Buffer.from(await readSecret(basicFile)).toString('base64')}`;
  const authorization = tokenFile ? `Bearer ${await readSecret(tokenFile)}` : basic;
  return createDicomWebClient({ url, authorization, idleMs: idleSeconds * 1_000, signal });
}
