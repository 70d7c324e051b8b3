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

/** `cells`: of the label file, to be corrected. */
type Refusals = { count: number; cells: Map<string, number[]> };
type Counts = { ingested: number; refused: ({ code: string } & Refusals)[] };

const ROWS_TOLD_MAX = 10;

async function countVerdicts(
  verdicts: AsyncIterable<IngestVerdict>,
  file: VerdictFile | undefined,
): Promise<Counts> {
  let ingested = 0;
  const refused = new Map<string, Refusals>();
  for await (const verdict of verdicts) {
    await file?.add(verdict);
    if (verdict.code === null) ingested++;
    else refused.set(verdict.code, addRefusal(refused.get(verdict.code), verdict));
  }
  const codes = [...refused].map(([code, rest]) => ({ code, ...rest }));
  return { ingested, refused: codes.sort((a, b) => (a.code < b.code ? -1 : 1)) };
}

function addRefusal(
  { count, cells }: Refusals = { count: 0, cells: new Map() },
  { labelRow, labelColumn }: IngestVerdict,
): Refusals {
  const rows = cells.get(labelColumn ?? '') ?? [];
  const isNew = labelRow !== undefined && rows.length <= ROWS_TOLD_MAX && !rows.includes(labelRow);
  if (isNew) cells.set(labelColumn!, [...rows, labelRow]);
  return { count: count + 1, cells };
}

/** Rows and columns only: what a cell holds may name somebody. */
function describeCells(cells: ReadonlyMap<string, number[]>): string {
  const places = [...cells].map(([column, rows]) => {
    const told = rows.toSorted((a, b) => a - b).slice(0, ROWS_TOLD_MAX);
    const more = rows.length > ROWS_TOLD_MAX ? ' and others' : '';
    return `column ${column}, row ${told.join(', ')}${more}`;
  });
  return places.length > 0 ? ` (label file: ${places.join('; ')})` : '';
}

function summarise({ ingested, refused }: Counts): string {
  const total = refused.reduce((sum, { count }) => sum + count, 0);
  const next = total > 0 ? ['See `synspine-site quarantine list` for what to do about them.'] : [];
  const lines = refused.map(({ code, count, cells }) => `  ${code} ${count}${describeCells(cells)}`);
  return [`${ingested} films ingested, ${total} refused`, ...lines, ...next].join('\n');
}
