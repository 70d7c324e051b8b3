import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs exactly what package-lock.json says, without running any install script. A stamp with the lock's hash makes
 * the second time free; a cut-off install leaves no stamp and is done again.
 */
export async function ensureNpmPackages({ root, onProgress }) {
  const stamp = join(root, 'node_modules', '.synspine-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  onProgress(0.1, 'npm ci');
  await runNpmCi(root);
  writeFileSync(stamp, wanted);
}

function runNpmCi(root) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
    });
    let tail = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        tail = (tail + chunk).slice(-2000);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(undefined);
      else reject(Object.assign(new Error(`npm ci failed: ${tail.trim()}`), { code: 'NPM_FAILED' }));
    });
  });
}
