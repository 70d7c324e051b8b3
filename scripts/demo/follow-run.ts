import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type ProgressLine = { stage: string; share: number; etaSeconds?: number };

const LOOK_MS = 15_000;

/** Tells what the newest run of a home is doing, from its run directory; answers how to stop. */
export function followRun(id: string, home: string): () => void {
  let last = '';
  const look = () => {
    const line = describe(newestProgress(home));
    if (line && line !== last) console.log(`${id}: ${line}`);
    last = line ?? last;
  };
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}

function newestProgress(home: string): ProgressLine | null {
  const runs = join(home, 'runs');
  const run = existsSync(runs) ? readdirSync(runs).sort().at(-1) : undefined;
  const file = run && join(runs, run, 'progress.jsonl');
  if (!file || !existsSync(file)) return null;
  const line = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1);
  try {
    return JSON.parse(line ?? '');
  } catch {
    return null; // half a line: the run is writing it
  }
}

function describe(p: ProgressLine | null): string | null {
  if (!p) return null;
  const left = p.etaSeconds ? `, about ${Math.ceil(p.etaSeconds)} s left` : '';
  return `${p.stage} ${Math.round(p.share * 100)} %${left}`;
}
