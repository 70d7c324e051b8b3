import type { BullQueue } from './backends.ts';
import { type JobDefinition, toBullId } from './define-job.ts';

export interface ExpectedJob<P> {
  jobId: string;
  payload: P;
}

export interface Reconciler {
  /** Checks now; resolves to how many jobs were enqueued again. */
  runNow(): Promise<number>;
  /** No further checks; waits for the one that is running. */
  stop(): Promise<void>;
}

// The reason BullMQ writes when a job stalled more often than its worker allows.
const STALLED_FOR_GOOD = /stalled more than/;

/** Whether the queue no longer leads this job to a worker: it is missing, or failed only because its workers died. */
async function isLost(queue: BullQueue, jobId: string): Promise<boolean> {
  const job = await queue.getJob(toBullId(jobId));
  if (!job) return true;
  if ((await job.getState()) !== 'failed' || !STALLED_FOR_GOOD.test(job.failedReason ?? '')) return false;
  await job.remove();
  return true;
}

/**
 * Every `everyMs` asks what should be in the queue and enqueues again what the queue lost. `expected` reads the truth
 * (run directories, tables) and so must leave out finished work; enqueueing twice is harmless, as job ids are the same.
 */
export function startReconciler<P>(
  queue: BullQueue,
  job: JobDefinition<P>,
  expected: () => Promise<ExpectedJob<P>[]>,
  enqueue: (jobId: string, payload: P) => Promise<void>,
  options: { everyMs: number; onError: (error: Error) => void },
): Reconciler {
  const check = async () => {
    let enqueued = 0;
    for (const { jobId, payload } of await expected()) {
      if (!(await isLost(queue, jobId))) continue;
      await enqueue(jobId, job.parse(payload));
      enqueued++;
    }
    return enqueued;
  };
  let last: Promise<unknown> = Promise.resolve();
  const runNow = () => {
    const current = last.catch(() => undefined).then(check); // one check at a time
    last = current;
    return current;
  };
  const report = (error: unknown) => options.onError(error as Error);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const loop = async () => {
    await runNow().catch(report);
    if (!isStopped) timer = setTimeout(loop, options.everyMs);
  };
  void loop();
  return {
    runNow,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await last.catch(() => undefined);
    },
  };
}
