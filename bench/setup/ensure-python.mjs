import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../../packages/compute/setup/cache.mjs';
import { requireDiskSpace } from '../../packages/compute/setup/install-folder.mjs';
import { runCommand } from '../../packages/compute/setup/run-command.mjs';

// PyPI's PyTorch is built for CUDA and doesn't load without its libraries, so they come along: 2.6 GB of wheels, 5.5 GB unpacked.
const diskBytes = 9e9;
const requirements = join(dirname(fileURLToPath(import.meta.url)), 'requirements.txt');

/**
 * A virtual environment of the benchmark's own in the cache, with PyTorch, onnxruntime and what they need at the versions of
 * requirements.txt (about two minutes the first time). Returns its interpreter.
 * Errors: BENCH_PYTHON_TOO_OLD, BENCH_VENV_FAILED, BENCH_PIP_FAILED, DISK_FULL.
 */
export async function ensurePython() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(cacheDir(), `bench-python-${hash}`);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'complete'); // written last: a folder without it was interrupted
  if (existsSync(stamp)) return python;
  requireDiskSpace(cacheDir(), diskBytes);
  rmSync(folder, { recursive: true, force: true });
  console.log('Fetching PyTorch and onnxruntime to compare with (2.6 GB, once)');
  const modern = ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))'];
  await run('python3', modern, 'BENCH_PYTHON_TOO_OLD', 'Install Python 3.11 or newer as `python3`');
  const venv = ['-m', 'venv', folder];
  await run(
    'python3',
    venv,
    'BENCH_VENV_FAILED',
    "Install Python's venv module (Debian: apt install python3-venv)",
  );
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run(
    python,
    [...pip, '-r', requirements],
    'BENCH_PIP_FAILED',
    'Check that pip reaches its package index',
  );
  writeFileSync(stamp, '');
  return python;
}

/** @param {string} command @param {string[]} args @param {string} code @param {string} remedy */
async function run(command, args, code, remedy) {
  const { exitCode, output } = await runCommand(command, args);
  if (exitCode === 0) return;
  const reason = output.split('\n').filter((line) => line.startsWith('ERROR'));
  const what = reason.at(-1) ?? `${command} ended with exit code ${exitCode}`;
  throw Object.assign(new Error(`${what}. ${remedy}, then run the same command again.`), { code });
}
