import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@synspine/queue';
import type { Config } from '../config.ts';

const DATABASE = 'registry';

/** A database to connect to. `ended` resolves when an embedded server has ended without being asked to. */
export type ProvidedDatabase = { url: string; ended: Promise<void>; close: () => Promise<void> };

/**
 * The configured database, or an embedded one in `dataDir`. When another process of the registry already runs the
 * embedded one, such as `serve` during `create-admin`, its URL is read from a file that only this account can read.
 */
export async function provideDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
): Promise<ProvidedDatabase> {
  const never = new Promise<void>(() => undefined);
  if (config.databaseUrl) return { url: config.databaseUrl, ended: never, close: async () => undefined };
  mkdirSync(config.dataDir, { recursive: true });
  const urlFile = join(config.dataDir, 'database-url');
  try {
    const server = await startEmbeddedPostgres({ dataDir: join(config.dataDir, 'postgres') });
    return await shareServer(server, urlFile);
  } catch (error) {
    if ((error as { code?: string }).code !== 'EMBEDDED_POSTGRES_IN_USE') throw error;
    return { url: readFileSync(urlFile, 'utf8'), ended: never, close: async () => undefined };
  }
}

async function shareServer(server: EmbeddedPostgres, urlFile: string): Promise<ProvidedDatabase> {
  await server.createDatabase(DATABASE);
  const url = server.url(DATABASE);
  rmSync(urlFile, { force: true });
  writeFileSync(urlFile, url, { mode: 0o600 });
  const ended = server.ended.then(({ expected }) =>
    expected ? new Promise<void>(() => undefined) : undefined,
  );
  const close = async () => {
    rmSync(urlFile, { force: true });
    await server.stop();
  };
  return { url, ended, close };
}
