import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../../../packages/compute/setup/cache.mjs';
import { runCommand } from '../../../packages/compute/setup/run-command.mjs';

const requirements = join(dirname(fileURLToPath(import.meta.url)), 'requirements.txt');

/**
 * A virtual environment with NumPy, Pillow and SciPy (60 MB of wheels, once). Returns its interpreter.
 * Errors: COPIES_VENV_FAILED, COPIES_PIP_FAILED.
 */
export async function ensurePython() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(cacheDir(), `copies-python-${hash}`);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'complete'); // written last: a folder without it was interrupted
  if (existsSync(stamp)) return python;
  rmSync(folder, { recursive: true, force: true });
  const venvRemedy = 'Install Python 3.11 or newer and its venv module (Debian: apt install python3-venv)';
  await run('python3', ['-m', 'venv', folder], 'COPIES_VENV_FAILED', venvRemedy);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  await run(
    python,
    [...pip, '-r', requirements],
    'COPIES_PIP_FAILED',
    'Check that pip reaches its package index',
  );
  writeFileSync(stamp, '');
  return python;
}

/** @param {string} command @param {string[]} args @param {string} code @param {string} remedy */
async function run(command, args, code, remedy) {
  const { exitCode } = await runCommand(command, args);
  if (exitCode === 0) return;
  throw Object.assign(new Error(`${command} failed. ${remedy}, then run the same command again.`), { code });
}
