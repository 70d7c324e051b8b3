import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import pg from 'pg';
import { QueueError } from './errors.ts';
import { findBinaries, postgresAccount, prepareDataDir } from './postgres-home.ts';
import {
  initCluster,
  readOrMakePassword,
  SUPERUSER,
  spawnPostgres,
  stopChild,
  stopLeftover,
} from './postgres-process.ts';
import { claimSupervision } from './supervisor-lock.ts';

export interface EmbeddedPostgres {
  /** Connection URL of one database, password included: never log it. */
  url(database: string): string;
  /** Connection URL of the `postgres` database. */
  adminUrl: string;
  /** Makes the database unless it exists. Names are [a-z][a-z0-9_]*, at most 63 characters. */
  createDatabase(name: string): Promise<void>;
  /** Fast shutdown; resolves once the server has ended. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves when the server has ended; `expected` is false when nobody here asked it to. */
  ended: Promise<{ expected: boolean }>;
}

const START_TIMEOUT_MS = 120_000; // crash recovery replays the write-ahead log first
const START_TRIES = 10; // another program may take the free port, or a dying server still hold the data

/**
 * Starts PostgreSQL 18 from npm binaries on 127.0.0.1, making its cluster in `dataDir` on the first start.
 * A server that outlived a killed supervisor is stopped first. It also stops when this process exits, and on SIGINT and
 * SIGTERM unless the program handles those itself. Under root it runs as uid 65534.
 * Throws QueueError: EMBEDDED_POSTGRES_UNSUPPORTED, _NOT_SET_UP, _IN_USE, _VERSION or _FAILED.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  port?: number;
}): Promise<EmbeddedPostgres> {
  const dataDir = await prepareDataDir(options.dataDir);
  const release = claimSupervision(dataDir);
  try {
    const account = postgresAccount(dataDir);
    const binaries = await findBinaries(account);
    const password = readOrMakePassword(dataDir);
    await stopLeftover(join(dataDir, 'cluster'));
    await initCluster(dataDir, binaries, password, account);
    const launch = (port: number) => spawnPostgres(dataDir, binaries, port, account);
    const { child, port } = await startWithRetries(launch, password, options.port);
    return supervise(child, port, password, release);
  } catch (error) {
    release();
    throw error;
  }
}

function connectionUrl(port: number, password: string, database: string): string {
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
}

async function startWithRetries(
  launch: (port: number) => ChildProcess,
  password: string,
  fixedPort?: number,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort ?? (await getPort({ host: '127.0.0.1' }));
    const child = launch(port);
    if (await becomesReady(child, connectionUrl(port, password, 'postgres'))) return { child, port };
    if (attempt === START_TRIES) break;
    await sleep(200 * attempt);
  }
  throw new QueueError(
    'EMBEDDED_POSTGRES_FAILED',
    `PostgreSQL did not start in ${START_TRIES} tries. Read postgres.log in the data folder${fixedPort ? `, and check that port ${fixedPort} is free` : ''}.`,
  );
}

async function becomesReady(child: ChildProcess, url: string): Promise<boolean> {
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  child.once('error', () => {
    hasEnded = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!hasEnded && Date.now() < deadline) {
    if (await canConnect(url)) return true;
    await sleep(25);
  }
  await stopChild(child);
  return false;
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false; // refused or still starting up: asked again until the deadline
  }
}

function supervise(
  child: ChildProcess,
  port: number,
  password: string,
  release: () => void,
): EmbeddedPostgres {
  let isStopping = false;
  const url = (database: string) => connectionUrl(port, password, database);
  const stop = async () => {
    isStopping = true;
    await stopChild(child);
  };
  const removeHooks = stopWithProcess(child, stop);
  const ended = new Promise<{ expected: boolean }>((done) => {
    child.once('exit', () => {
      removeHooks();
      release();
      done({ expected: isStopping });
    });
  });
  child.unref(); // the database alone keeps no program alive
  return {
    url,
    adminUrl: url('postgres'),
    createDatabase: (name) => createDatabase(url('postgres'), name),
    stop: async () => {
      await stop();
      await ended;
    },
    ended,
  };
}

function stopWithProcess(child: ChildProcess, stop: () => Promise<void>): () => void {
  const onExit = () => child.kill('SIGINT');
  const onSignal = async (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return; // the program shuts down in its own order; `exit` still stops us
    await stop();
    process.kill(process.pid, signal); // our listener is gone by now, so this ends the process as usual
  };
  process.once('exit', onExit);
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('exit', onExit);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
    throw new QueueError(
      'DATABASE_NAME_INVALID',
      'A database name is [a-z][a-z0-9_]*, at most 63 characters. Choose another.',
    );
  }
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE "${name}"`);
  } finally {
    await client.end();
  }
}
