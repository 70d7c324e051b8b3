import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Confinement, canConfine, confinementPath } from '@synspine/confinement';
import type { SquareFilm } from '../read-square-film.ts';
import { type Refusal, refuse } from '../refusals.ts';
import type { ChildReady, ReadRequest } from './film-reader-child.ts';
import { FilmReaderError } from './film-reader-error.ts';

export type ChildLimits = {
  /** For one film, from request to answer. */
  timeoutMs: number;
  /** V8's heap. The whole process, with pixels and codecs outside that heap, may take four times as much. */
  memoryMb: number;
  /** Where films lie: the child can read none elsewhere. Without it, it can read what the agent's user may. */
  folders?: readonly string[];
};

export type FilmChild = {
  confinement: Confinement;
  isAlive(): boolean;
  /** Never rejects: a child that hangs, grows or dies answers with a refusal and is gone. */
  ask(request: ReadRequest): Promise<SquareFilm | Refusal>;
  kill(): Promise<void>;
};

const START_TIMEOUT_MS = 60_000;
const MEMORY_CHECK_MS = 100;
const PROCESS_TO_HEAP = 4;

/**
 * Starts a child that reads films, and waits until it is warm.
 *
 * Its environment is empty, so no credential of the agent reaches a decoder, and its output goes nowhere, so nothing a
 * decoder prints about a patient reaches a log.
 *
 * Once warm it gives up network, other processes, writing to files and reading those of others (confine-process.ts).
 *
 * @throws FilmReaderError READER_NOT_STARTED when the child can't start at all
 */
export async function startFilmChild(limits: ChildLimits): Promise<FilmChild> {
  const loader = import.meta.resolve('tsx');
  const path = fileURLToPath(new URL('./film-reader-child.ts', import.meta.url));
  const child = fork(path, findConfinement(limits.folders), {
    execArgv: [`--max-old-space-size=${limits.memoryMb}`, '--import', loader],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const confinement = await waitUntilReady(child);
  return {
    confinement,
    isAlive: () => !child.killed && !hasEnded(child), // a killed child takes a moment to end
    ask: (request) => ask(child, request, limits),
    kill: () => kill(child),
  };
}

/** The addon's path and the folders as the child's arguments; none where this system has nothing to confine with. */
function findConfinement(folders: readonly string[] = []): string[] {
  if (!canConfine()) return [];
  const path = confinementPath();
  if (!existsSync(path)) throw new FilmReaderError('READER_NOT_CONFINED');
  return [path, ...folders];
}

async function waitUntilReady(child: ChildProcess): Promise<ChildReady> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const failed = Promise.race([once(child, 'exit', { signal }), once(child, 'error', { signal })]);
  const first = await Promise.race([once(child, 'message', { signal }), failed.then(() => null)]).catch(
    () => null,
  );
  if (first) return first[0] as ChildReady;
  await kill(child);
  throw new FilmReaderError('READER_NOT_STARTED');
}

function ask(child: ChildProcess, request: ReadRequest, limits: ChildLimits): Promise<SquareFilm | Refusal> {
  return new Promise((resolve) => {
    const finish = (result: SquareFilm | Refusal): void => {
      clearTimeout(timer);
      clearInterval(watch);
      child.off('message', finish);
      child.off('exit', crashed);
      resolve(result);
    };
    const stop = (result: Refusal): void => {
      finish(result);
      child.kill('SIGKILL');
    };
    const crashed = (): void => finish(refuse('decode', 'PARSER_CRASHED'));
    const timer = setTimeout(() => stop(refuse('decode', 'PARSER_TIMEOUT')), limits.timeoutMs);
    const watch = setInterval(async () => {
      const used = await readResidentMb(child.pid);
      if (used > PROCESS_TO_HEAP * limits.memoryMb) stop(refuse('decode', 'PARSER_OUT_OF_MEMORY'));
    }, MEMORY_CHECK_MS);
    child.on('message', finish);
    child.once('exit', crashed);
    child.send(request, (error) => error && stop(refuse('decode', 'PARSER_CRASHED')));
  });
}

/** Resident memory from Linux's /proc; 0 where there is none, and then only the heap is limited. */
async function readResidentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

async function kill(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
