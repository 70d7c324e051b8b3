import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canConfine, confinementPath } from '@synspine/confinement';
import type { FuzzMessage } from './fuzz-child.ts';

export type FuzzOptions = {
  seed: number;
  count: number;
  /** Number of the first mutation. Default 0. */
  first?: number;
  processes?: number;
  /** Looks for text, too, and makes films square: ten times the work. */
  isWhole?: boolean;
  onProgress?: (done: number) => void;
};

type Fault = { number: number; kind: 'untyped' | 'slow' | 'hang' | 'crash' };

export type FuzzReport = {
  faults: Fault[];
  /** How often films were read, or refused with which code. */
  verdicts: Record<string, number>;
  /** Processor time of the slowest film. */
  slowestMs: number;
  /** The most that any child had in memory. */
  peakMb: number;
};

const HANG_MS = 10_000; // without a sign of life, on a machine that may be busy; `slow` is judged by processor time
const LOOK_MS = 200;
const FAULTS_MAX = 100;

type State = FuzzReport & { done: number };

/** Reads `count` mutated films in confined children; what one does to its child is a fault with its number. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { count, first = 0, processes = 2 } = options;
  const state: State = { faults: [], verdicts: {}, slowestMs: 0, peakMb: 0, done: 0 };
  const lane = async (lane: number) => {
    let next: number | null = first + lane;
    while (next !== null && next < first + count && state.faults.length < FAULTS_MAX)
      next = await runChild(state, options, { from: next, to: first + count, step: processes });
  };
  await Promise.all(Array.from({ length: processes }, (_, i) => lane(i)));
  const { done: _, ...report } = state;
  return report;
}

type Stretch = { from: number; to: number; step: number };

/** Answers where to go on after a child that ended too early, or null. */
async function runChild(
  state: State,
  options: FuzzOptions,
  { from, to, step }: Stretch,
): Promise<number | null> {
  const addon = canConfine() ? confinementPath() : '';
  const path = fileURLToPath(new URL('./fuzz-child.ts', import.meta.url));
  const child = fork(
    path,
    [addon, options.seed, from, to, step, options.isWhole ? 'whole' : ''].map(String),
    {
      execArgv: ['--max-old-space-size=512', '--import', import.meta.resolve('tsx')],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    },
  );
  let at = from;
  let isFinished = false;
  let seenAt = Date.now();
  let hung = false;
  child.on('message', (message: FuzzMessage) => {
    seenAt = Date.now();
    if ('at' in message) {
      at = message.at;
      options.onProgress?.(++state.done);
    } else if ('fault' in message) state.faults.push(message.fault);
    else {
      isFinished = true;
      addVerdicts(state, message);
    }
  });
  const watch = setInterval(() => {
    state.peakMb = Math.max(state.peakMb, readPeakMb(child));
    hung = Date.now() - seenAt > HANG_MS + (at === from ? 20_000 : 0); // the first one waits for the start
    if (hung) child.kill('SIGKILL');
  }, LOOK_MS);
  await new Promise((resolve) => child.once('close', resolve)); // 'exit' may come before the child's last messages
  clearInterval(watch);
  if (isFinished) return null;
  state.faults.push({ number: at, kind: hung ? 'hang' : 'crash' });
  return at + step;
}

function addVerdicts(
  state: State,
  { verdicts, slowestMs }: { verdicts: Record<string, number>; slowestMs: number },
) {
  state.slowestMs = Math.max(state.slowestMs, slowestMs);
  for (const [code, count] of Object.entries(verdicts))
    state.verdicts[code] = (state.verdicts[code] ?? 0) + count;
}

/** The most the process ever had, as Linux counts it; 0 where there is no /proc or no process any more. */
function readPeakMb({ pid }: ChildProcess): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
