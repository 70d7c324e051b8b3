import {
  createPostgresBackend,
  type Job,
  type Processor,
  Queue,
  runMigrations,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { QueueError } from './errors.ts';

export type BullJob = Pick<
  Job,
  | 'id'
  | 'data'
  | 'opts'
  | 'attemptsMade'
  | 'attemptsStarted'
  | 'failedReason'
  | 'getState'
  | 'moveToWait'
  | 'remove'
>;

/** What this package uses of a BullMQ queue, whatever it is kept in. */
export interface BullQueue {
  add(name: string, data: unknown, opts: Record<string, unknown>): Promise<unknown>;
  getJob(jobId: string): Promise<BullJob | undefined>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** What this package uses of a BullMQ worker. */
interface BullWorker {
  on(event: string, listener: (...args: never[]) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  pause(doNotWaitActive?: boolean): Promise<void>;
  close(force?: boolean): Promise<void>;
}

type BullProcessor = (job: BullJob, token?: string) => Promise<void>;
type BullWorkerOptions = Omit<WorkerOptions, 'connection' | 'prefix'>;

export interface Backend {
  openQueue(name: string, onError: (error: Error) => void): BullQueue;
  openWorker(name: string, processor: BullProcessor, options: BullWorkerOptions): BullWorker;
}

const SCHEMA = 'bullmq';
const REDIS_PREFIX = 'synspine';
const POOL_MAX = 3; // each queue and each worker has a pool of its own; the embedded server allows 100 connections
const RECONNECT_MAX_MS = 2_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Chooses the backend by the URL's scheme and makes it ready: PostgreSQL's tables, Redis's policy. */
export async function openBackend(url: string): Promise<Backend> {
  if (/^postgres(ql)?:\/\//.test(url)) {
    await migratePostgres(url);
    return postgresBackend(url);
  }
  if (/^rediss?:\/\//.test(url)) {
    await assertNoEviction(url);
    return redisBackend(url);
  }
  throw new QueueError(
    'QUEUE_URL_UNSUPPORTED',
    'A queue URL starts with postgres:// or redis(s)://. Correct it.',
  );
}

/** The URL is left out of the message, as it holds the password. */
function unreachable(cause: unknown): QueueError {
  const message =
    "The queue's server can't be reached or refuses us. Check that it runs and check the queue URL.";
  return new QueueError('QUEUE_UNREACHABLE', message, { cause });
}

async function migratePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // the query that runs then rejects with the same error
  await client.connect().catch((error) => {
    throw unreachable(error);
  });
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    await client.end();
  }
}

function postgresBackend(url: string): Backend {
  const { Queue: PgQueue, Worker: PgWorker } = withBackend(createPostgresBackend);
  const connection = {
    connectionString: url,
    schema: SCHEMA,
    max: POOL_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  };
  return {
    openQueue: (name, onError) => {
      const queue = new PgQueue(name, { connection });
      queue.on('error', onError);
      return queue as unknown as BullQueue;
    },
    openWorker: (name, processor, options) =>
      new PgWorker(name, processor as unknown as Processor, {
        ...options,
        connection,
      }) as unknown as BullWorker,
  };
}

/** Redis must never drop a key: with any other policy it may evict jobs when its memory is full. */
async function assertNoEviction(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  let lastError: unknown;
  client.on('error', (error) => {
    lastError = error; // connect() itself rejects with "Connection is closed", which explains nothing
  });
  try {
    await client.connect().catch((error) => {
      throw unreachable(lastError ?? error);
    });
    // INFO rather than CONFIG GET, which managed servers often refuse.
    const policy = /^maxmemory_policy:(\S+)/m.exec(await client.info('memory'))?.[1];
    if (policy === 'noeviction') return;
    throw new QueueError(
      'QUEUE_REDIS_EVICTS',
      `Redis may evict jobs (maxmemory-policy is ${policy ?? 'unknown'}). Set maxmemory-policy to noeviction.`,
    );
  } finally {
    client.disconnect();
  }
}

function redisBackend(url: string): Backend {
  const retryStrategy = (times: number) => Math.min(100 * 2 ** times, RECONNECT_MAX_MS);
  const producer = { url, retryStrategy, maxRetriesPerRequest: 5 };
  const worker = { url, retryStrategy, maxRetriesPerRequest: null };
  return {
    openQueue: (name, onError) => {
      const queue = new Queue(name, { connection: producer, prefix: REDIS_PREFIX });
      queue.on('error', onError);
      return queue as unknown as BullQueue;
    },
    openWorker: (name, processor, options) =>
      new Worker(name, processor as unknown as Processor, {
        ...options,
        connection: worker,
        prefix: REDIS_PREFIX,
      }) as unknown as BullWorker,
  };
}
