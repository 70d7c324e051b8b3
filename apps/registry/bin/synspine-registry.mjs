#!/usr/bin/env node
import 'tsx';

const { main } = await import('../src/main.ts');
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  // Our own errors say what to do next; others may quote data, so only their code is shown.
  const isOurs = /^(EMBEDDED_|DATABASE_|MIGRATION_|USAGE|STOR|KEY_)/.test(error?.code ?? '');
  process.stderr.write(`${isOurs ? error.message : `Failed: ${error?.code ?? error?.name}`}\n`);
  process.exit(1);
}
