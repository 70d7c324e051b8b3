import { randomBytes } from 'node:crypto';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@synspine/queue';
import { runAfterDeath, temporaryDir } from './watchdog.ts';

let server: Promise<EmbeddedPostgres> | undefined;

async function startServer(): Promise<EmbeddedPostgres> {
  const dir = temporaryDir('postgres');
  const stop = 'kill -QUIT "$(head -n 1 "$1/cluster/postmaster.pid")"; sleep 1; rm -rf "$1"';
  runAfterDeath(stop, [dir]);
  return startEmbeddedPostgres({ dataDir: dir });
}

/**
 * The URL of a new, empty PostgreSQL database. The first call in a process starts a real server (about 1 s);
 * server and databases are gone once the process has ended.
 */
export async function testDatabase(): Promise<string> {
  server ??= startServer();
  const { createDatabase, url } = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await createDatabase(name);
  return url(name);
}
