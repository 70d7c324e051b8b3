import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { type Client, createClient } from '../../packages/protocol/src/index.ts';
import type { DemoOptions } from './options.ts';
import { ProgramError, type Programs } from './processes.ts';

export type Centre = {
  url: string;
  dashboardLink: string;
  admin: Client;
  /** A one-time enrolment code for a site or the benchmark. */
  invite(id: string, name: string, kind?: 'site' | 'benchmark'): Promise<string>;
};

type CentreState = { port: number; adminToken: string };

/** Starts the registry with its own PostgreSQL and objects on disk, and signs in as its admin. */
export async function openCentre(
  options: Pick<DemoOptions, 'stateDir'>,
  programs: Programs,
  root: string,
): Promise<Centre> {
  const state = await keepState(options.stateDir);
  const url = await startRegistry(state, options, programs, root);
  const admin = createClient({
    baseUrl: url,
    authorise: async () => ({ authorization: `Bearer ${state.adminToken}` }),
  });
  return {
    url,
    admin,
    dashboardLink: `${url}/#token=${state.adminToken}`,
    invite: async (id, name, kind = 'site') =>
      (await admin.call('createSite', { body: { id, name, kind } })).enrolmentCode,
  };
}

/** The port and the admin's token outlive a restart, since the sites enrolled at this address. */
async function keepState(stateDir: string): Promise<CentreState> {
  const file = join(stateDir, 'centre.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  mkdirSync(stateDir, { recursive: true });
  const state = {
    port: await getPort({ host: '127.0.0.1' }),
    adminToken: randomBytes(24).toString('base64url'),
  };
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  return state;
}

async function startRegistry(
  state: CentreState,
  options: Pick<DemoOptions, 'stateDir'>,
  programs: Programs,
  root: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const logFile = join(options.stateDir, 'logs/registry.log');
    const child = programs.start('registry', ['serve'], {
      logFile,
      env: {
        DATA_DIR: join(options.stateDir, 'registry'),
        PORT: String(state.port),
        LISTEN_HOST: '127.0.0.1',
        DASHBOARD_DIR: join(root, 'apps/dashboard/dist'),
        ADMIN_TOKEN_SHA256: createHash('sha256').update(state.adminToken).digest('hex'),
      },
      onLine: (line) => {
        const found = /^Registry \S+ at (http:\S+)$/.exec(line);
        if (found?.[1]) resolve(found[1]);
      },
    });
    child.once('close', (code) =>
      reject(new ProgramError(`The registry ended with code ${code}; see ${logFile}`)),
    );
  });
}
