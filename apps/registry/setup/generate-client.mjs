import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const app = join(dirname(fileURLToPath(import.meta.url)), '..');
const schema = join(app, '../../prisma/schema.prisma');
const generated = join(app, 'src/generated');
const stamp = join(generated, 'schema.sha256');

/**
 * Generates the Prisma client into src/generated unless it was made from this very schema by this very Prisma.
 * Needs no network: the schema engine, which the CLI would download, takes no part in generating.
 * @returns {boolean} whether it had to generate
 */
export function generateClient() {
  const require = createRequire(import.meta.url);
  const { version } = require('prisma/package.json');
  const wanted = createHash('sha256').update(readFileSync(schema)).update(version).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return false;
  rmSync(stamp, { force: true });
  const cli = join(dirname(require.resolve('prisma/package.json')), 'build/index.js');
  execFileSync(process.execPath, [cli, 'generate'], {
    cwd: app,
    // Any executable will do, since generating never starts it.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    stdio: 'pipe', // quiet; when it fails, the error thrown here holds what it said
  });
  writeFileSync(`${stamp}.new`, wanted);
  renameSync(`${stamp}.new`, stamp);
  return true;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) generateClient();
