import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestVerdict, SourceVerdict } from '../films/ingest-folder.ts';
import { streamSource } from '../films/ingest-source.ts';
import type { Labels } from '../films/labels.ts';
import { createLearningMemory, type LearningMemory } from '../films/learning-memory.ts';
import type { SourceFilm } from '../films/source.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { errorCode } from '../site-error.ts';
import { boundKept } from './keep-refused.ts';
import type { SourceSettings } from './settings.ts';
import type { Spool } from './spool/spool.ts';

const BATCH_MAX = 512; // films of one ingest: they leave the spool together
const PAUSE_MS = 5_000;

/** How long an ingest that has read all films waits for the next one before it lets its film readers go. */
const LINGER_MS = 10_000;

export type ReceivedDeps = {
  home: Home;
  spool: Spool;
  settings: Pick<SourceSettings, 'fit' | 'kept'>;
  readLabels: () => Promise<Labels>;
  /** Of what was learnt from the home's films, so that not every batch learns it again. */
  memory?: LearningMemory;
  signal: AbortSignal;
  /** Aborts when no more films will come; not before `signal` by default. */
  noMore?: AbortSignal;
};

export type ReadCounts = { ingested: number; refused: number };

/**
 * Ingests films as they come. Ends when `signal` aborts, and those that still wait stay for the next start; or, once
 * `noMore` aborts, with the last film that waits.
 */
export async function ingestAsTheyCome({
  memory = createLearningMemory(),
  ...rest
}: ReceivedDeps & { onRead: (counts: ReadCounts) => void }): Promise<void> {
  const deps = { ...rest, memory };
  const { spool, signal, noMore = signal } = deps;
  const either = AbortSignal.any([signal, noMore]);
  while (!signal.aborted) {
    if (spool.waiting(1).length > 0) deps.onRead(countVerdicts(await ingestWaiting(deps)));
    else if (noMore.aborted) return;
    else await spool.nextChange(either).catch(() => undefined); // aborted
  }
}

/**
 * {@link ingestAsTheyCome} for a server: what keeps it from ingesting (a full disk, a broken label file) is logged and tried
 * again; meanwhile the spool fills, and then the senders wait.
 */
export async function keepIngesting({ log, ...deps }: ReceivedDeps & { log: Log }): Promise<void> {
  const memory = createLearningMemory();
  const onRead = (counts: ReadCounts) => log.info('received films read', counts);
  while (!deps.signal.aborted) {
    try {
      await ingestAsTheyCome({ ...deps, memory, onRead });
    } catch (error) {
      if (deps.signal.aborted) return;
      log.error('received films not read', { code: errorCode(error) });
      await sleep(PAUSE_MS, undefined, { signal: deps.signal }).catch(() => undefined); // aborted
    }
  }
}

function countVerdicts(verdicts: readonly IngestVerdict[]): ReadCounts {
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused').length;
  return { ingested: verdicts.length - refused, refused };
}

/**
 * Reads the films that wait and those that come meanwhile, then lets go of them: what was ingested is deleted, what was
 * refused is kept for a while. A crash in between makes the next start read them again, with the same verdicts.
 */
export async function ingestWaiting(deps: ReceivedDeps): Promise<SourceVerdict[]> {
  const { home, spool, settings, signal, memory } = deps;
  const kept = home.folders.received;
  const places = { folder: spool.ready, refusedFolder: kept, labelFiles: [], films: arrivingFilms(deps) };
  const source = { ...places, labels: await deps.readLabels() };
  const verdicts: SourceVerdict[] = [];
  for await (const verdict of streamSource(home, { source, fit: settings.fit, signal, memory }))
    verdicts.push(verdict);
  await mkdir(kept, { recursive: true, mode: 0o700 });
  for (const { file, code, isOfHome } of verdicts) {
    if (isOfHome) continue; // it left the spool long ago
    if (code === null || code === 'DUPLICATE') await spool.remove(file);
    else await spool.moveTo(file, kept);
  }
  await boundKept(kept, settings.kept);
  return verdicts;
}

/** Films of the spool, until none comes any more or there are enough for one ingest. */
async function* arrivingFilms({ spool, signal, noMore = signal }: ReceivedDeps): AsyncGenerator<SourceFilm> {
  const given = new Set<string>();
  while (given.size < BATCH_MAX) {
    const file = spool.waiting(BATCH_MAX).find((name) => !given.has(name));
    if (file !== undefined) {
      given.add(file);
      if (existsSync(join(spool.ready, file))) yield { file };
      else await spool.remove(file); // its twin came while it was being removed
      continue;
    }
    const idle = AbortSignal.timeout(LINGER_MS);
    const ends = AbortSignal.any([idle, signal, noMore]);
    await spool.nextChange(ends).catch(() => undefined); // told by `ends`
    if (ends.aborted) return;
  }
}
