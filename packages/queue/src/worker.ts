import { UnrecoverableError, WaitingError } from 'bullmq';
import type { Backend, BullJob } from './backends.ts';
import { fromBullId, type JobDefinition } from './define-job.ts';
import { QueueError } from './errors.ts';

export interface JobContext {
  jobId: string;
  /** Aborts when the worker stops (reason QUEUE_WORKER_STOPPED) or the job is no longer ours (QUEUE_LOCK_LOST). */
  signal: AbortSignal;
  /** How often the queue handed out this job, this time included. It restarts when the queue was lost: no fence. */
  attempt: number;
}

export type JobHandler<P> = (payload: P, context: JobContext) => Promise<void>;

export interface JobFailure {
  jobId: string;
  attempt: number;
  /** True when no attempt remains; only then is the job `failed`. */
  isLast: boolean;
  error: unknown;
}

export interface WorkOptions {
  /** Jobs worked on at once. Default 1. */
  concurrency?: number;
  /** How long a job stays ours after the last sign of life; renewed at half of it. Default 15,000. */
  lockMs?: number;
  /** Told of each failed attempt. The queue itself keeps only the error's code. */
  onFailure?: (failure: JobFailure) => void;
}

export interface JobWorker {
  /**
   * Takes no more jobs, aborts the running ones and puts back those that stop within `graceMs` (default 10,000).
   * A handler that doesn't stop keeps its job until the lock expires.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
}

interface Running {
  controller: AbortController;
  renewedAt: number; // ms, by Date.now()
  ended: Promise<void>;
}

const DEFAULT_LOCK_MS = 15_000;
const STALLS_MAX = 1_000_000; // a crash must never fail a job for good; the run's own rules decide that
const DAY_S = 86_400;

/** Runs `handler` on each job of one kind until `stop`. Use `openQueue(...).work`. */
export async function startWorker<P>(
  backend: Backend,
  job: JobDefinition<P>,
  handler: JobHandler<P>,
  options: WorkOptions,
  onError: (error: Error) => void,
): Promise<JobWorker> {
  const lockMs = options.lockMs ?? DEFAULT_LOCK_MS;
  const running = new Map<string, Running>(); // by BullMQ's id
  const state = { isStopping: false };

  const process = async (bullJob: BullJob, token?: string) => {
    const bullId = bullJob.id ?? '';
    if (state.isStopping) return putBack(bullJob, token);
    const controller = new AbortController();
    const context = {
      jobId: fromBullId(bullId),
      signal: controller.signal,
      attempt: bullJob.attemptsStarted,
    };
    const work = runHandler(job, handler, bullJob, context, options.onFailure);
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    running.set(bullId, { controller, renewedAt: Date.now(), ended });
    try {
      await work;
    } catch (error) {
      if (state.isStopping && controller.signal.aborted) return await putBack(bullJob, token);
      throw error;
    } finally {
      running.delete(bullId);
    }
  };

  const worker = backend.openWorker(job.name, process, {
    concurrency: options.concurrency ?? 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: STALLS_MAX,
    runRetryDelay: 1_000,
    drainDelay: 5,
    removeOnComplete: { age: DAY_S, count: 1_000 },
    removeOnFail: { age: 7 * DAY_S, count: 1_000 },
  });
  worker.on('error', onError);
  const stopWatching = abortLostJobs(worker, running, lockMs);
  await worker.waitUntilReady();
  return { stop: ({ graceMs = 10_000 } = {}) => stopWorker(worker, running, state, stopWatching, graceMs) };
}

async function putBack(job: BullJob, token?: string): Promise<void> {
  await job.moveToWait(token);
  throw new WaitingError(); // tells BullMQ that the job has been moved already
}

async function runHandler<P>(
  job: JobDefinition<P>,
  handler: JobHandler<P>,
  bullJob: BullJob,
  context: JobContext,
  onFailure: WorkOptions['onFailure'],
): Promise<void> {
  try {
    await handler(job.parse(bullJob.data), context);
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason; // stopped or lost: not the job's failure
    const isHopeless = error instanceof QueueError && error.code === 'QUEUE_PAYLOAD_INVALID';
    const isLast = isHopeless || bullJob.attemptsMade + 1 >= (bullJob.opts.attempts ?? 1);
    onFailure?.({ jobId: context.jobId, attempt: context.attempt, isLast, error });
    throw withoutDetails(error, isHopeless);
  }
}

/** The error as the queue may keep it: its code alone, since messages and stacks can quote what must not leave. */
function withoutDetails(error: unknown, isHopeless: boolean): Error {
  const code = (error as { code?: unknown })?.code;
  const text = typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : 'JOB_FAILED';
  const kept = isHopeless ? new UnrecoverableError(text) : new Error(text);
  kept.stack = text;
  return kept;
}

/** Aborts a job once the queue says that its lock is lost, or once no renewal succeeded for a whole lock time. */
function abortLostJobs(
  worker: { on(event: string, listener: (...args: never[]) => void): unknown },
  running: Map<string, Running>,
  lockMs: number,
): () => void {
  const abort = (entry: Running | undefined) =>
    entry?.controller.abort(
      new QueueError(
        'QUEUE_LOCK_LOST',
        'Another worker may have this job now. Publish nothing; it will be run again.',
      ),
    );
  worker.on('lockRenewalFailed', (bullIds: string[]) => {
    for (const bullId of bullIds) abort(running.get(bullId));
  });
  worker.on('locksRenewed', ({ jobIds: bullIds }: { jobIds: string[] }) => {
    for (const bullId of bullIds) {
      const entry = running.get(bullId);
      if (entry) entry.renewedAt = Date.now();
    }
  });
  const timer = setInterval(() => {
    for (const entry of running.values()) if (Date.now() - entry.renewedAt > lockMs) abort(entry);
  }, lockMs / 4);
  timer.unref();
  return () => clearInterval(timer);
}

async function stopWorker(
  worker: { pause(doNotWaitActive?: boolean): Promise<void>; close(force?: boolean): Promise<void> },
  running: Map<string, Running>,
  state: { isStopping: boolean },
  stopWatching: () => void,
  graceMs: number,
): Promise<void> {
  if (state.isStopping) return worker.close();
  state.isStopping = true;
  await worker.pause(true);
  for (const { controller } of running.values()) {
    controller.abort(
      new QueueError('QUEUE_WORKER_STOPPED', 'The worker is stopping. The job goes back to the queue.'),
    );
  }
  const allEnded = Promise.all([...running.values()].map(({ ended }) => ended));
  const hasEnded = await withinTime(allEnded, graceMs);
  await worker.close(!hasEnded);
  stopWatching();
}

async function withinTime(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((done) => {
    timer = setTimeout(() => done(false), timeoutMs);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
