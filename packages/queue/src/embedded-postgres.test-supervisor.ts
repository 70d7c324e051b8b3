// A process that keeps an embedded PostgreSQL, for the tests that kill it: prints the admin URL and waits.
import { startEmbeddedPostgres } from './embedded-postgres.ts';

const server = await startEmbeddedPostgres({ dataDir: process.argv[2]! });
process.on('SIGUSR2', () => process.exit(0));
console.log(server.adminUrl);
setInterval(() => undefined, 60_000);
