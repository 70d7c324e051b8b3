import type { ObjectStore } from '@synspine/storage';
import type { Logger } from 'pino';
import type { Database } from './database/open-database.ts';

/** What handlers may know of the configuration. */
export type RegistryPolicy = {
  /** Where clients reach the registry, without a slash at the end; the audience of assertions and base of `htu`. */
  publicUrl: string;
  /** Oldest agent that may enrol, report or release, `major.minor.patch`. */
  agentVersionMin: string;
  /** Whether releases audited by a demonstration policy are taken: only where nobody but this machine reaches the registry. */
  takesDemonstrations: boolean;
  /** SHA-256 of a bootstrap admin's token, from the configuration. */
  adminTokenSha256?: string;
  /** Addresses or networks of reverse proxies, whose X-Forwarded-For names the client. */
  trustedProxies?: string[];
  /** How often a running download's access is asked for again, in milliseconds; left out: DOWNLOAD_CHECK_MS. */
  downloadCheckMs?: number;
  /** Folder with the built dashboard. */
  dashboardDir?: string;
};

export type Deps = {
  prisma: Database;
  store: ObjectStore;
  config: RegistryPolicy;
  clock: () => Date;
  log: Logger;
};
