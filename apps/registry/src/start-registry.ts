import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { isLoopbackHost } from '@synspine/audit-rules';
import type { FastifyInstance } from 'fastify';
import getPort from 'get-port';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open-database.ts';
import { ownDatabase } from './database/provide-database.ts';
import { removeExpired } from './database/remove-expired.ts';
import type { Deps } from './deps.ts';
import { openObjectStore } from './open-object-store.ts';
import { requireNoDemonstrations } from './releases/require-takeable.ts';

const CLEANING_MS = 600_000;

export type RunningRegistry = {
  /** The public URL, which is also the audience of assertions. */
  url: string;
  deps: Deps;
  /** Resolves when the embedded database has ended by itself: the registry can't go on. */
  databaseEnded: Promise<void>;
  /** Stops listening, lets running requests end within the limit or until `hurry` resolves, then closes what was opened. */
  close: (hurry?: Promise<unknown>) => Promise<void>;
};

/** Opens the database (migrating it) and the object store, and listens. Port 0 takes a free one. */
export async function startRegistry(config: Config): Promise<RunningRegistry> {
  requireDashboard(config.dashboardDir);
  const log = pino({ level: config.logLevel, base: null });
  const database = await ownDatabase(config);
  try {
    const applied = await migrate(database.url);
    if (applied.length > 0) log.info({ migrations: applied }, 'migrated');
    const port = config.port || (await getPort({ host: config.host }));
    const url = addressOf({ ...config, port });
    const store = await openObjectStore(config);
    const { adminTokenSha256, dashboardDir, agentVersionMin, trustedProxies } = config;
    const policy = {
      publicUrl: url,
      adminTokenSha256,
      dashboardDir,
      agentVersionMin,
      trustedProxies,
      takesDemonstrations: isLoopbackOnly(config.host, url),
    };
    const clock = () => new Date();
    const deps: Deps = { prisma: openDatabase(database.url), store, config: policy, clock, log };
    await requireNoDemonstrations(deps.prisma, policy);
    const app = await buildApp(deps);
    await app.listen({ host: config.host, port });
    log.info({ port }, 'listening');
    const stopCleaning = cleanRegularly(deps);
    const close = async (hurry?: Promise<unknown>) => {
      await app.drain({ limitMs: config.drainMs, hurry });
      await closeAll(app, deps, [stopCleaning, database.close]);
    };
    return { url, deps, databaseEnded: database.ended, close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

function requireDashboard(dir: string | undefined): void {
  if (dir === undefined || existsSync(join(dir, 'index.html'))) return;
  const message = `DASHBOARD_MISSING: There is no index.html in ${dir}. Correct DASHBOARD_DIR, or leave it empty.`;
  throw Object.assign(new Error(message), { code: 'DASHBOARD_MISSING' });
}

/** The address that the registry gives itself, which sites are to reach. */
export function addressOf({ publicUrl, host, port }: Pick<Config, 'publicUrl' | 'host' | 'port'>): string {
  return publicUrl ?? `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Whether the one listener and the address that the registry gives itself are both this machine's own. */
export function isLoopbackOnly(host: string, publicUrl: string): boolean {
  return isLoopbackHost(host) && isLoopbackHost(new URL(publicUrl).hostname);
}

async function closeAll(app: FastifyInstance, deps: Deps, last: (() => unknown)[]): Promise<void> {
  await app.close();
  await deps.prisma.$disconnect();
  deps.store.close();
  for (const stop of last) await stop();
}

function cleanRegularly(deps: Deps): () => void {
  const clean = () =>
    removeExpired(deps).catch((error: Error & { code?: unknown }) =>
      deps.log.error({ error: error.name, code: error.code }, 'cleaning failed'),
    );
  const timer = setInterval(clean, CLEANING_MS);
  timer.unref();
  return () => clearInterval(timer);
}
