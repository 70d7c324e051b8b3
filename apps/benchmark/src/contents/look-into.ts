import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '@synspine/compute';
import { type Confinement, canConfine, confinementPath } from '@synspine/confinement';
import type { CheckRequest, ChildAnswer, ChildReady } from './check-child.ts';

export type Limits = { threads: number; signal: AbortSignal; timeoutMs?: number; memoryMb?: number };

const CHILD = fileURLToPath(new URL('./check-child.ts', import.meta.url));
const START_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 3_600_000; // 10,000 images of 256 px and 256 of them drawn anew on two cores take a quarter of it
const MEMORY_MB = 8_192; // resident: TensorFlow, a generator of 256 px, one shard and a plane of 32 px an image
const MEMORY_CHECK_MS = 200;
const HEAP_MB = 4_096;

/**
 * Looks into a release in a process of its own that is warm with TensorFlow and then gives up network, other processes,
 * writing to files and reading any file but the release's, code and fingerprints, as far as the system can take it. Its
 * environment holds no secret, its output goes nowhere, and memory and time end. A child that hangs, grows or dies answers
 * CONTENT_UNREADABLE.
 */
export async function lookInto(
  request: CheckRequest,
  { threads, signal, timeoutMs = TIMEOUT_MS, memoryMb = MEMORY_MB }: Limits,
): Promise<ChildAnswer & { confinement: Confinement }> {
  const addon = canConfine() && existsSync(confinementPath()) ? confinementPath() : '';
  const readable = [request.folder, cacheDir(), ...request.others];
  const child = fork(CHILD, [String(threads), addon, ...readable], {
    execArgv: [`--max-old-space-size=${HEAP_MB}`, '--import', import.meta.resolve('tsx')],
    env: { SYNSPINE_CACHE: cacheDir(), CUDA_VISIBLE_DEVICES: '-1', TF_CPP_MIN_LOG_LEVEL: '2' }, // no card: CPUs are enough
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    const confinement = await nextMessage<ChildReady>(child, START_TIMEOUT_MS);
    if (!confinement)
      throw Object.assign(new Error('the sandbox did not start'), { code: 'SANDBOX_NOT_STARTED' });
    const watch = setInterval(async () => {
      if ((await residentMb(child.pid)) > memoryMb) stop();
    }, MEMORY_CHECK_MS);
    child.send(request, () => undefined); // a child that is gone already shows below
    const answer = await nextMessage<ChildAnswer>(child, timeoutMs).finally(() => clearInterval(watch));
    signal.throwIfAborted();
    return { ...(answer ?? { verdict: 'CONTENT_UNREADABLE', fingerprints: null }), confinement };
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** The child's next message; undefined when it ends or says nothing in time. */
async function nextMessage<T>(child: ChildProcess, timeoutMs: number): Promise<T | undefined> {
  const waiting = new AbortController();
  const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const ended = Promise.race([once(child, 'close', { signal }), once(child, 'error', { signal })]);
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T),
      ended.then(() => undefined),
    ]);
  } catch {
    return undefined;
  } finally {
    waiting.abort();
  }
}

/** Resident memory from Linux's /proc; 0 where there is none, and then only the heap is limited. */
async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
