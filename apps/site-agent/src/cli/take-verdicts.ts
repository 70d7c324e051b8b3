import type { IngestVerdict } from '../films/ingest-folder.ts';
import { createVerdictFile, type VerdictFile } from '../films/verdict-file.ts';
import { createProgressBar } from './progress-bar.ts';
import { stopSignal, tellStopped } from './stop-signal.ts';

type Progress = {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
  onDiskFull: () => void;
};

/**
 * Follows an ingest to its end, or until Ctrl-C: a bar while it runs, the verdicts into `json` one by one, a summary by
 * code at the end. Stopped, it ends with what was read, and the same command goes on.
 */
export async function takeVerdicts(
  json: string | undefined,
  ingest: (progress: Progress) => AsyncIterable<IngestVerdict>,
): Promise<void> {
  const file = json ? await createVerdictFile(json) : undefined;
  const stop = stopSignal();
  const bar = createProgressBar('films');
  try {
    const counts = await countVerdicts(
      ingest({ signal: stop.signal, onProgress: bar.update, onDiskFull }),
      file,
    );
    bar.stop();
    await file?.finish();
    process.stdout.write(`${summarise(counts)}\n`);
    if (stop.signal.aborted) tellStopped();
  } finally {
    bar.stop();
    stop.release();
    await file?.discard();
  }
}

function onDiskFull(): void {
  process.stderr.write(
    'DISK_FULL: the disk of the home is full. Free some space; the ingest goes on by itself.\n',
  );
}

type Counts = { ingested: number; refused: { code: string; count: number }[] };

async function countVerdicts(
  verdicts: AsyncIterable<IngestVerdict>,
  file: VerdictFile | undefined,
): Promise<Counts> {
  let ingested = 0;
  const refused = new Map<string, number>();
  for await (const verdict of verdicts) {
    await file?.add(verdict);
    if (verdict.code === null) ingested++;
    else refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
  }
  const codes = [...refused].map(([code, count]) => ({ code, count }));
  return { ingested, refused: codes.sort((a, b) => (a.code < b.code ? -1 : 1)) };
}

function summarise({ ingested, refused }: Counts): string {
  const total = refused.reduce((sum, { count }) => sum + count, 0);
  const next = total > 0 ? ['See `synspine-site quarantine list` for what to do about them.'] : [];
  const lines = refused.map(({ code, count }) => `  ${code} ${count}`);
  return [`${ingested} films ingested, ${total} refused`, ...lines, ...next].join('\n');
}
