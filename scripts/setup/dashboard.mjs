import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Builds the dashboard's static files when its sources changed. */
export async function ensureDashboard({ root, onProgress }) {
  const app = join(root, 'apps/dashboard');
  const stamp = join(app, 'dist/.stamp');
  const wanted = hashOf([app, join(root, 'packages/protocol/src'), join(root, 'package-lock.json')]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  onProgress(0.3, 'vite build');
  await buildPages(app);
  writeFileSync(stamp, wanted);
}

/** Vite makes this whole process one of production: what is started after it, an agent or a test, must not take that over. */
async function buildPages(app) {
  const { NODE_ENV } = process.env;
  try {
    const { build } = await import('vite');
    await build({ root: app, logLevel: 'error' });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesBelow).sort()) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

function filesBelow(path) {
  const entries = existsSync(path) ? readdirSyncOrNull(path) : [];
  if (entries === null) return [path];
  return entries
    .filter((e) => e.name !== 'dist' && e.name !== 'node_modules')
    .flatMap((e) => filesBelow(join(path, e.name)));
}

function readdirSyncOrNull(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  }
}
