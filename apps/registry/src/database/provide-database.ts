import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@synspine/queue';
import type { Config } from '../config.ts';
import { makeOwner } from './make-owner.ts';

const DATABASE = 'registry';
const OWNER = 'registry';
const URL_FILE = 'database-url';
const OTHERS_END_MS = 60_000; // a command takes seconds, and a server that was told to end not longer
const LOOK_AGAIN_MS = 250;
const never = new Promise<void>(() => undefined);

type DatabaseConfig = Pick<Config, 'databaseUrl' | 'dataDir'>;

/** A database to connect to. `ended` resolves when an embedded server has ended without being asked to. */
export type ProvidedDatabase = { url: string; ended: Promise<void>; close: () => Promise<void> };

/**
 * The configured database, or an embedded one in `dataDir`. When another process of the registry already runs the
 * embedded one, such as `serve` during `create-admin`, its URL is read from a file that only this account can read.
 * Throws DATABASE_STARTING when that process has not written it yet.
 */
export async function provideDatabase(config: DatabaseConfig): Promise<ProvidedDatabase> {
  try {
    return await openOwn(config);
  } catch (error) {
    if (!isInUse(error)) throw error;
    return { url: readSharedUrl(config.dataDir), ended: never, close: async () => undefined };
  }
}

/**
 * As {@link provideDatabase}, but never another process's embedded database, which would end with that process: it waits
 * for a minute at most until the other one has ended. Throws EMBEDDED_POSTGRES_IN_USE after that.
 */
export async function ownDatabase(config: DatabaseConfig): Promise<ProvidedDatabase> {
  const deadline = performance.now() + OTHERS_END_MS;
  for (;;) {
    try {
      return await openOwn(config);
    } catch (error) {
      if (!isInUse(error) || performance.now() > deadline) throw error;
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/**
 * Whether a command has a database to work on, or is to make one in a folder that was named whole. Throws DATABASE_MISSING
 * where it would make one by chance: in another folder than that of `serve`.
 */
export function requireDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'isDataDirNamed'>,
): 'exists' | 'new' {
  if (config.databaseUrl || existsSync(join(config.dataDir, 'postgres'))) return 'exists';
  if (config.isDataDirNamed) return 'new';
  const message =
    `DATABASE_MISSING: There is no registry's database in ${config.dataDir}. Run this where \`serve\` was started, ` +
    'set DATA_DIR or DATABASE_URL as there, or start `serve` here first.';
  throw Object.assign(new Error(message), { code: 'DATABASE_MISSING' });
}

async function openOwn({ databaseUrl, dataDir }: DatabaseConfig): Promise<ProvidedDatabase> {
  if (databaseUrl) return { url: databaseUrl, ended: never, close: async () => undefined };
  mkdirSync(dataDir, { recursive: true });
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  return shareServer(server, join(dataDir, URL_FILE));
}

function isInUse(error: unknown): boolean {
  return (error as { code?: string }).code === 'EMBEDDED_POSTGRES_IN_USE';
}

function readSharedUrl(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, URL_FILE), 'utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ENOENT') throw cause;
    const message = 'The registry is starting or ending. Run this again in a moment.';
    throw Object.assign(new Error(message, { cause }), { code: 'DATABASE_STARTING' });
  }
}

/** The URL of a role that owns the database and nothing else of the server; its password is made anew at each start. */
async function openAsOwner(server: EmbeddedPostgres): Promise<string> {
  const url = new URL(server.url(DATABASE));
  const password = randomBytes(24).toString('base64url');
  await makeOwner(url.href, { role: OWNER, password, database: DATABASE });
  url.username = OWNER;
  url.password = password;
  return url.href;
}

async function shareServer(server: EmbeddedPostgres, urlFile: string): Promise<ProvidedDatabase> {
  await server.createDatabase(DATABASE);
  const url = await openAsOwner(server);
  rmSync(urlFile, { force: true });
  writeFileSync(urlFile, url, { mode: 0o600 });
  const ended = server.ended.then(({ expected }) => (expected ? never : undefined));
  const close = async () => {
    rmSync(urlFile, { force: true });
    await server.stop();
  };
  return { url, ended, close };
}
