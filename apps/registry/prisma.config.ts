import { defineConfig } from 'prisma/config';

/** The CLI only generates the client; the registry migrates by itself, so no database is named here. */
export default defineConfig({ schema: '../../prisma/schema.prisma' });
