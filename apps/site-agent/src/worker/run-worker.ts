import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SiteError } from '../site-error.ts';
import type { WorkerReply, WorkerRequest } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./worker-main.ts', import.meta.url));
const GRACE_MS = 20_000; // to write a checkpoint after SIGTERM

/** A failed worker, by the code that it gave. */
export class WorkerError extends Error {
  readonly code: string;
  readonly where: readonly string[];

  constructor(code: string, where: readonly string[]) {
    super(code);
    this.name = 'WorkerError';
    this.code = code;
    this.where = where;
  }
}

export type WorkerOptions = {
  isolation: readonly string[];
  signal: AbortSignal;
  /** What the native libraries print goes here. */
  logFile: string;
  /** All that the worker sees of the agent's environment. */
  environment: Record<string, string>;
};

/**
 * Runs one request in a process of its own and resolves when it ended well. An aborted `signal` sends it SIGTERM, then
 * SIGKILL. The worker ends by itself when this process dies. Throws WorkerError with the worker's code, or CHILD_ENDED.
 */
export async function runWorker(request: WorkerRequest, options: WorkerOptions): Promise<void> {
  options.signal.throwIfAborted();
  const log = await open(options.logFile, 'a', 0o600);
  try {
    const child = startWorker(options, log.fd);
    const reply = listen(child);
    const stopWatching = stopOnAbort(child, options.signal);
    child.send(request, () => undefined); // a worker that is gone already shows below
    const answer = await reply.finally(stopWatching);
    options.signal.throwIfAborted();
    if (!answer) throw new SiteError('CHILD_ENDED');
    if (!answer.ok) throw new WorkerError(answer.code, answer.where);
  } finally {
    await log.close();
  }
}

function startWorker({ isolation, environment }: WorkerOptions, log: number): ChildProcess {
  const [command, ...args] = [...isolation, process.execPath, '--import', import.meta.resolve('tsx'), ENTRY];
  return spawn(command!, args, { env: environment, stdio: ['ignore', log, log, 'ipc'] });
}

/** Resolves to the worker's answer once it has ended; undefined when it gave none. */
function listen(child: ChildProcess): Promise<WorkerReply | undefined> {
  return new Promise((resolve) => {
    let answer: WorkerReply | undefined;
    child.on('message', (message) => {
      answer = message as WorkerReply;
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => resolve(answer));
  });
}

function stopOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  return () => {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
  };
}
