import type { Confinement } from '@synspine/confinement';
import type { SquareFilm, SquareFilmOptions } from '../read-square-film.ts';
import type { Refusal } from '../refusals.ts';
import { type FilmChild, startFilmChild } from './child-process.ts';
import { FilmReaderError } from './film-reader-error.ts';

export type FilmReaderOptions = SquareFilmOptions & {
  /** Child processes, and so films read at once. Default 2. */
  processes?: number;
  /** For one film. Default 10,000. */
  timeoutMs?: number;
  /** V8's heap in each child; the whole child may take four times as much. Default 512. */
  memoryMb?: number;
  /** Where the films lie: the children can read none elsewhere. Without it, they can read what this process may. */
  folders?: readonly string[];
};

export type FilmReader = {
  /**
   * Reads a film in a child process. Whatever the file does to its child, the answer is a value: PARSER_TIMEOUT,
   * PARSER_OUT_OF_MEMORY and PARSER_CRASHED stand for the child's end, and the next film gets a fresh one.
   *
   * @throws FilmReaderError: a fault of the installation, not of a film
   */
  read(path: string): Promise<SquareFilm | Refusal>;
  /** Ends the children. Reads that still wait or run are rejected with READER_CLOSED. */
  close(): Promise<void>;
};

type Job = { path: string; resolve(result: SquareFilm | Refusal): void; reject(error: Error): void };
type Lane = { child: FilmChild | null; running: Promise<void> | null };

/** Keeps warm child processes that read untrusted films. They start with the first film. */
export function createFilmReader({
  processes = 2,
  timeoutMs = 10_000,
  memoryMb = 512,
  folders,
  ...options
}: FilmReaderOptions): FilmReader {
  const lanes: Lane[] = Array.from({ length: processes }, () => ({ child: null, running: null }));
  const waiting: Job[] = [];
  let isClosed = false;

  const run = async (lane: Lane, job: Job): Promise<void> => {
    try {
      if (!lane.child?.isAlive()) lane.child = await startFilmChild({ timeoutMs, memoryMb, folders });
      const result = isClosed ? null : await lane.child.ask({ path: job.path, options });
      if (result && !isClosed) job.resolve(result);
      else job.reject(new FilmReaderError('READER_CLOSED'));
    } catch (error) {
      job.reject(error as Error);
    }
    if (isClosed) return lane.child?.kill();
    lane.running = null;
    pump();
  };
  const pump = (): void => {
    for (const lane of lanes) {
      const job = lane.running ? undefined : waiting.shift();
      if (job) lane.running = run(lane, job);
    }
  };

  return {
    read: (path) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new FilmReaderError('READER_CLOSED'));
        waiting.push({ path, resolve, reject });
        pump();
      }),
    close: async () => {
      isClosed = true;
      for (const job of waiting.splice(0)) job.reject(new FilmReaderError('READER_CLOSED'));
      await Promise.all(lanes.map((lane) => lane.child?.kill()));
      await Promise.all(lanes.map((lane) => lane.running)); // one that was starting is killed by its own run
    },
  };
}

/** What this system takes from the readers of films. Throws FilmReaderError. */
export async function tryConfinement(): Promise<Confinement> {
  const child = await startFilmChild({ timeoutMs: 0, memoryMb: 512, folders: ['/'] });
  await child.kill();
  return child.confinement;
}
