import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@synspine/queue';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { provideDatabase } from './provide-database.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'synspine-test-database-'));
});
afterEach(async () => {
  // Under root the cluster lies elsewhere, behind a link.
  const cluster = await realpath(join(dataDir, 'postgres'));
  for (const folder of [cluster, dataDir]) await rm(folder, { recursive: true, force: true });
});

async function asUser<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

it('the registry is no superuser of its embedded database', async () => {
  const { url, close } = await provideDatabase({ databaseUrl: undefined, dataDir });
  await migrate(url);
  await asUser(url, async (client) => {
    const { rows } = await client.query('SELECT * FROM pg_roles WHERE rolname = current_user');
    expect(rows[0]).toMatchObject({
      ...{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false },
      rolbypassrls: false,
    });
    for (const statement of [
      `COPY (SELECT 1) TO PROGRAM 'true'`,
      `SELECT pg_read_file('/etc/passwd')`,
      `SET session_replication_role = replica`, // which would let the audit trail be altered
      'CREATE ROLE another SUPERUSER',
    ])
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
  await close();
});

it('takes over a database that a superuser made, with its rows', async () => {
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  await server.createDatabase('registry');
  await migrate(server.url('registry'));
  await asUser(server.url('registry'), (client) =>
    client.query(
      `INSERT INTO "site" ("id", "name", "kind", "created_at") VALUES ('alder', 'Alder', 'site', now())`,
    ),
  );
  await server.stop();
  const { url, close } = await provideDatabase({ databaseUrl: undefined, dataDir });
  expect(await migrate(url)).toEqual([]);
  await asUser(url, async (client) => {
    expect((await client.query('SELECT "id" FROM "site"')).rows).toEqual([{ id: 'alder' }]);
    await client.query('ALTER TABLE "site" ADD COLUMN "of_a_later_migration" TEXT');
    const { rows } = await client.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
       AND relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)`,
    );
    expect(rows).toEqual([]);
  });
  await close();
});
