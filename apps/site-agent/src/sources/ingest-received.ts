import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestVerdict } from '../films/ingest-folder.ts';
import { ingestSource } from '../films/ingest-source.ts';
import type { Labels } from '../films/labels.ts';
import type { Home } from '../home.ts';
import type { Log } from '../log.ts';
import { errorCode } from '../site-error.ts';
import { boundKept } from './keep-refused.ts';
import type { SourceSettings } from './settings.ts';
import type { Spool } from './spool/spool.ts';

const BATCH_MAX = 512; // films that share one start of the film readers
const PAUSE_MS = 5_000;

export type ReceivedDeps = {
  home: Home;
  spool: Spool;
  settings: Pick<SourceSettings, 'fit' | 'kept'>;
  readLabels: () => Promise<Labels>;
  signal: AbortSignal;
};

export type ReadCounts = { ingested: number; refused: number };

/** Ingests films as they come, until `signal` aborts; then those that still wait stay for the next start. */
export async function ingestAsTheyCome(
  deps: ReceivedDeps & { onRead: (counts: ReadCounts) => void },
): Promise<void> {
  const { spool, signal } = deps;
  while (!signal.aborted) {
    if (spool.waiting(1).length === 0) await spool.nextChange(signal).catch(() => undefined); // aborted
    if (signal.aborted || spool.waiting(1).length === 0) continue;
    deps.onRead(countVerdicts(await ingestWaiting(deps)));
  }
}

/**
 * {@link ingestAsTheyCome} for a server: what keeps it from ingesting (a full disk, a broken label file) is logged and tried
 * again; meanwhile the spool fills, and then the senders wait.
 */
export async function keepIngesting({ log, ...deps }: ReceivedDeps & { log: Log }): Promise<void> {
  const onRead = (counts: ReadCounts) => log.info('received films read', counts);
  while (!deps.signal.aborted) {
    try {
      await ingestAsTheyCome({ ...deps, onRead });
    } catch (error) {
      if (deps.signal.aborted) return;
      log.error('received films not read', { code: errorCode(error) });
      await sleep(PAUSE_MS, undefined, { signal: deps.signal }).catch(() => undefined); // aborted
    }
  }
}

export function countVerdicts(verdicts: readonly IngestVerdict[]): ReadCounts {
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused').length;
  return { ingested: verdicts.length - refused, refused };
}

/**
 * Reads the films that wait, then lets go of them: what was ingested is deleted, what was refused is kept for a while. A
 * crash in between makes the next start read them again, with the same verdicts.
 */
export async function ingestWaiting(deps: ReceivedDeps): Promise<IngestVerdict[]> {
  const { home, spool, settings, signal } = deps;
  const names = spool.waiting(BATCH_MAX);
  const films = names.filter((name) => existsSync(join(spool.ready, name))).map((file) => ({ file }));
  const source = {
    folder: spool.ready,
    labels: await deps.readLabels(),
    labelFiles: [],
    films,
    refusedFolder: home.folders.received,
  };
  const verdicts = await ingestSource(home, { source, fit: settings.fit, signal });
  const kept = home.folders.received;
  await mkdir(kept, { recursive: true, mode: 0o700 });
  const refused = verdicts.filter(({ code }) => code !== null && code !== 'DUPLICATE');
  for (const { file } of refused) await spool.moveTo(file, kept);
  for (const name of names) await spool.remove(name); // those that were moved are gone already
  await boundKept(kept, settings.kept);
  return verdicts;
}
