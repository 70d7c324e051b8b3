import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const migrationsDir = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));

// The lock and the table are those of `prisma migrate deploy`, so that either may run and both agree.
const MIGRATION_LOCK = 72707369;
const HISTORY = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`;

/**
 * Brings the database to the newest migration, each in its own transaction; several processes may call it at once.
 * Returns the names that were applied now. Throws MIGRATION_CHANGED when an applied file was edited afterwards.
 */
export async function migrate(databaseUrl: string, dir = migrationsDir): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]); // given back when the connection ends
    await client.query(HISTORY);
    const applied: string[] = [];
    for (const name of migrationNames(dir)) if (await applyOnce(client, dir, name)) applied.push(name);
    return applied;
  } finally {
    await client.end();
  }
}

function migrationNames(dir: string): string[] {
  const folders = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => entry.name).sort();
}

async function applyOnce(client: pg.Client, dir: string, name: string): Promise<boolean> {
  const sql = readFileSync(join(dir, name, 'migration.sql'), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  const { rows } = await client.query(
    'SELECT "checksum" FROM "_prisma_migrations" WHERE "migration_name" = $1 AND "finished_at" IS NOT NULL',
    [name],
  );
  if (rows[0]) return refuseEdited(name, checksum, rows[0].checksum);
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return true;
}

function refuseEdited(name: string, checksum: string, applied: string): false {
  if (checksum === applied) return false;
  const message = `Migration ${name} was edited after it had been applied. Restore the file and add a new migration.`;
  throw Object.assign(new Error(message), { code: 'MIGRATION_CHANGED' });
}
