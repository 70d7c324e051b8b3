import { type Backend, type BullQueue, openBackend } from './backends.ts';
import { type JobDefinition, toBullId } from './define-job.ts';
import { QueueError } from './errors.ts';
import { type ExpectedJob, type Reconciler, startReconciler } from './reconcile.ts';
import { type JobHandler, type JobWorker, startWorker, type WorkOptions } from './worker.ts';

export type JobState = 'waiting' | 'active' | 'completed' | 'failed' | 'delayed' | 'missing';

export interface EnqueueOptions {
  /** The same id enqueues nothing while the queue still knows the job, finished or not. */
  jobId: string;
  /** Forget a finished job of this id first, so that it runs again. */
  again?: boolean;
}

export interface QueueConnection {
  /** Throws QUEUE_PAYLOAD_INVALID or QUEUE_JOB_ID_INVALID, or the connection's error; never drops a job silently. */
  enqueue<P>(job: JobDefinition<P>, payload: NoInfer<P>, options: EnqueueOptions): Promise<void>;
  work<P>(job: JobDefinition<P>, handler: JobHandler<P>, options?: WorkOptions): Promise<JobWorker>;
  state(job: JobDefinition<unknown>, jobId: string): Promise<JobState>;
  reconcile<P>(
    job: JobDefinition<P>,
    expected: () => Promise<ExpectedJob<NoInfer<P>>[]>,
    options: { everyMs: number },
  ): Reconciler;
  /** Stops reconcilers and workers (as JobWorker.stop does), then the connections. */
  close(): Promise<void>;
}

// Kept finished jobs make a repeated enqueue a no-op; older ones are told apart by the run directory.
const KEEP_COMPLETED = { age: 86_400, count: 1_000 };
const KEEP_FAILED = { age: 7 * 86_400, count: 1_000 };

/**
 * Opens the job queue kept in PostgreSQL (postgres://, schema `bullmq`, made here) or Redis (redis(s)://, which must be
 * `noeviction`). `onError` hears of lost connections and locks; the queue reconnects by itself.
 * Throws QueueError: QUEUE_URL_UNSUPPORTED, QUEUE_REDIS_EVICTS; or the server's own connection error.
 */
export async function openQueue(options: {
  url: string;
  onError?: (error: Error) => void;
}): Promise<QueueConnection> {
  const backend = await openBackend(options.url);
  return createConnection(backend, options.onError ?? (() => undefined));
}

function createConnection(backend: Backend, onError: (error: Error) => void): QueueConnection {
  const queues = new Map<string, BullQueue>();
  const workers = new Set<JobWorker>();
  const reconcilers = new Set<Reconciler>();
  let isClosed = false;

  const queueOf = (name: string): BullQueue => {
    if (isClosed) throw new QueueError('QUEUE_CLOSED', 'This queue connection is closed. Open a new one.');
    const known = queues.get(name);
    if (known) return known;
    const queue = backend.openQueue(name, onError);
    queues.set(name, queue);
    return queue;
  };

  const enqueue: QueueConnection['enqueue'] = async (job, payload, { jobId, again = false }) => {
    const bullId = toBullId(jobId);
    const data = job.parse(payload);
    const queue = queueOf(job.name);
    if (again) await forgetFinished(queue, bullId);
    await queue.add(job.name, data, {
      jobId: bullId,
      attempts: job.attempts,
      backoff: { type: 'exponential', delay: job.backoffMs },
      removeOnComplete: KEEP_COMPLETED,
      removeOnFail: KEEP_FAILED,
    });
  };

  return {
    enqueue,
    work: async (job, handler, options = {}) => {
      queueOf(job.name); // refuses when closed
      const worker = await startWorker(backend, job, handler, options, onError);
      workers.add(worker);
      return {
        stop: async (stopOptions) => {
          workers.delete(worker);
          await worker.stop(stopOptions);
        },
      };
    },
    state: async (job, jobId) => readState(queueOf(job.name), jobId),
    reconcile: (job, expected, { everyMs }) => {
      const again = (jobId: string, payload: Parameters<typeof enqueue>[1]) =>
        enqueue(job, payload as never, { jobId });
      const reconciler = startReconciler(queueOf(job.name), job, expected, again, { everyMs, onError });
      reconcilers.add(reconciler);
      return reconciler;
    },
    close: async () => {
      isClosed = true;
      await Promise.all([...reconcilers].map((reconciler) => reconciler.stop()));
      await Promise.all([...workers].map((worker) => worker.stop()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

async function forgetFinished(queue: BullQueue, bullId: string): Promise<void> {
  const job = await queue.getJob(bullId);
  const state = await job?.getState();
  if (state === 'completed' || state === 'failed') await job?.remove();
}

async function readState(queue: BullQueue, jobId: string): Promise<JobState> {
  const state = await (await queue.getJob(toBullId(jobId)))?.getState();
  if (state === undefined || state === 'unknown') return 'missing';
  if (state === 'active' || state === 'completed' || state === 'failed' || state === 'delayed') return state;
  return 'waiting'; // BullMQ also tells `prioritized` and `waiting-children`, which we never use
}
