import pg from 'pg';
import { expect, test } from 'vitest';
import { testDatabase } from './database.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('two test databases share nothing', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  await query(one, 'CREATE TABLE only_here (id int)');
  expect(await query(one, "SELECT to_regclass('only_here') AS found")).toEqual([{ found: 'only_here' }]);
  expect(await query(two, "SELECT to_regclass('only_here') AS found")).toEqual([{ found: null }]);
});

test('a test database is PostgreSQL 18 with durable writes', async () => {
  const url = await testDatabase();
  expect(await query(url, 'SHOW server_version')).toEqual([
    { server_version: expect.stringMatching(/^18\./) },
  ]);
  expect(await query(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
});
