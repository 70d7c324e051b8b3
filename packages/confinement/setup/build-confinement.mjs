import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canConfine, compileFlags, confinementPath, confinementSources } from './confinement-path.mjs';

/**
 * Compiles what takes network, files and processes from the readers of untrusted files (about 2 s; a no-op while the sources stay
 * the same, and where the system has no such thing). Throws COMPILER_MISSING, COMPILE_FAILED.
 */
export async function ensureConfinement() {
  const target = confinementPath();
  if (!canConfine() || existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  const require = createRequire(import.meta.url);
  const headers = dirname(require.resolve('node-api-headers/package.json'));
  const draft = `${target}.${process.pid}`;
  const sources = confinementSources().filter((path) => path.endsWith('.cc'));
  await compile(['-I', join(headers, 'include'), ...sources, '-o', draft]);
  await rename(draft, target);
}

/** @param {string[]} args */
async function compile(args) {
  try {
    await promisify(execFile)('g++', [...compileFlags, ...args]);
  } catch (error) {
    const isMissing = /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
    const next = isMissing
      ? 'A C++17 compiler is missing: install g++ (Debian: apt-get install g++).'
      : "g++ couldn't compile the confinement of untrusted files' readers. Check that g++ is version 9 or newer.";
    throw Object.assign(new Error(next), { code: isMissing ? 'COMPILER_MISSING' : 'COMPILE_FAILED' });
  }
}
