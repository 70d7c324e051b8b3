import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/client.ts';

export type Database = PrismaClient;
/** The client, or one transaction of it. */
export type Queries = Prisma.TransactionClient;

const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 20_000; // also how long a query waits for a free connection of the pool
// A transaction may wait for a site's row or the audit chain behind fifty others.
const TRANSACTION = { maxWait: 20_000, timeout: 20_000 };

/** Opens a client on `postgresql://user:password@host:port/database[?sslmode=require]`; connects at the first query. */
export function openDatabase(databaseUrl: string): Database {
  const adapter = new PrismaPg({
    connectionString: databaseUrl, // read by pg, as in migrate: one reading of hosts, sockets and certificates
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  return new PrismaClient({ adapter });
}

/** Runs `work` in one transaction: all of it happens or none. */
export function inTransaction<T>(prisma: Database, work: (tx: Queries) => Promise<T>): Promise<T> {
  return prisma.$transaction(work, TRANSACTION);
}

/** Whether PostgreSQL can hold this text: it takes no NUL, and in JSON no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
