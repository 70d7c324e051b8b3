import pg from 'pg';

/** What an owner has, one statement an object; `public` holds nothing else of the registry's. */
const OBJECTS = `
  SELECT format('ALTER TABLE %s OWNER TO', oid::regclass) AS change FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT format('ALTER ROUTINE %s OWNER TO', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT format('ALTER TYPE %s OWNER TO', oid::regtype) FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')`;

/**
 * Gives a database to a role that can log in with `password` and is no superuser: it can neither run programs nor read
 * files of the server, nor switch triggers off for a session. Repeating it sets the password anew; what a superuser made in
 * the schema before becomes the role's.
 */
export async function makeOwner(
  superuserUrl: string,
  { role, password, database }: { role: string; password: string; database: string },
): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const name = client.escapeIdentifier(role);
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
    if (!rowCount) await client.query(`CREATE ROLE ${name}`);
    await client.query(
      `ALTER ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
       PASSWORD ${client.escapeLiteral(password)}`,
    );
    await client.query(`ALTER DATABASE ${client.escapeIdentifier(database)} OWNER TO ${name}`);
    await client.query(`ALTER SCHEMA public OWNER TO ${name}`);
    const { rows } = await client.query<{ change: string }>(OBJECTS);
    for (const { change } of rows) await client.query(`${change} ${name}`);
  } finally {
    await client.end();
  }
}
