import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { defineJob } from './define-job.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { openQueue } from './open-queue.ts';
import { describeQueue, type QueueServer } from './queue.contract.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'synspine-queue-'));
let server: EmbeddedPostgres | undefined;

afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true });
});

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Every table with jobs; the ledger of migrations is none. */
async function queueTables(url: string): Promise<string[]> {
  const sql = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'`;
  return (await query(url, sql)).map(({ name }) => String(name));
}

async function dumpQueue(url: string): Promise<unknown[]> {
  const names = await queueTables(url);
  return Promise.all(names.map((name) => query(url, `SELECT * FROM ${name}`)));
}

async function postgresServer(): Promise<QueueServer> {
  const port = await getPort({ host: '127.0.0.1' });
  const start = async () => {
    server = await startEmbeddedPostgres({ dataDir, port });
  };
  const kill = async () => {
    const pid = Number(readFileSync(join(dataDir, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT'); // the immediate shutdown: no checkpoint, recovery on the next start
    expect(await server!.ended).toEqual({ expected: false });
  };
  const wipe = async () => {
    const names = await queueTables(server!.url('jobs'));
    await query(server!.url('jobs'), `TRUNCATE ${names.join(', ')}`);
  };
  await start();
  await server!.createDatabase('jobs');
  return { url: server!.url('jobs'), start, kill, wipe };
}

describeQueue('PostgreSQL', postgresServer);

test('the queue keeps the code of a failure, and nothing of its message or stack', async () => {
  const queue = await openQueue({ url: server!.url('jobs') });
  const job = defineJob('canary', { parse: (value) => value as { runId: string } }, { attempts: 1 });
  await queue.enqueue(job, { runId: 'r' }, { jobId: 'leaky' });
  await queue.work(job, async () => {
    throw Object.assign(new Error('ZZCANARY'), { code: 'FILM_UNREADABLE' });
  });
  await vi.waitFor(async () => expect(await queue.state(job, 'leaky')).toBe('failed'), { timeout: 10_000 });
  await queue.close();
  const rows = JSON.stringify(await dumpQueue(server!.url('jobs')));
  expect(rows).toContain('FILM_UNREADABLE');
  expect(rows).not.toContain('ZZCANARY');
});

test('a queue URL of an unknown kind is refused with a code', async () => {
  await expect(openQueue({ url: 'mysql://127.0.0.1/jobs' })).rejects.toMatchObject({
    code: 'QUEUE_URL_UNSUPPORTED',
  });
});

test('an unreachable PostgreSQL is an error with a code that does not hold the password', async () => {
  const url = `postgres://synspine:ZZCANARY@127.0.0.1:${await getPort({ host: '127.0.0.1' })}/jobs`;
  const opening = openQueue({ url });
  await expect(opening).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  await expect(opening).rejects.not.toThrow('ZZCANARY');
});
