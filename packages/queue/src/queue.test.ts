import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { openQueue } from './open-queue.ts';
import { freePort } from './postgres-process.ts';
import { describeQueue, type QueueServer } from './queue.contract.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'synspine-queue-'));
let server: EmbeddedPostgres | undefined;

afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true });
});

async function postgresServer(): Promise<QueueServer> {
  const port = await freePort();
  const start = async () => {
    server = await startEmbeddedPostgres({ dataDir, port });
  };
  const kill = async () => {
    const pid = Number(readFileSync(join(dataDir, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT'); // the immediate shutdown: no checkpoint, recovery on the next start
    expect(await server!.ended).toEqual({ expected: false });
  };
  const wipe = async () => {
    const client = new pg.Client({ connectionString: server!.url('jobs') });
    await client.connect();
    const { rows } = await client.query(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%'",
    );
    await client.query(`TRUNCATE ${rows.map(({ name }) => name).join(', ')}`);
    await client.end();
  };
  await start();
  await server!.createDatabase('jobs');
  return { url: server!.url('jobs'), start, kill, wipe };
}

describeQueue('PostgreSQL', postgresServer);

test('a queue URL of an unknown kind is refused with a code', async () => {
  await expect(openQueue({ url: 'mysql://127.0.0.1/jobs' })).rejects.toMatchObject({
    code: 'QUEUE_URL_UNSUPPORTED',
  });
});

test('an unreachable PostgreSQL is an error with a code that does not hold the password', async () => {
  const url = `postgres://synspine:ZZCANARY@127.0.0.1:${await freePort()}/jobs`;
  const opening = openQueue({ url });
  await expect(opening).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
  await expect(opening).rejects.not.toThrow('ZZCANARY');
});
