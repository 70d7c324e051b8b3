import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const requirements = join(here, 'requirements.txt');

/**
 * A virtual environment with pydicom, its decoders and its test files, to compare with (90 MB of wheels, once). Returns
 * its interpreter. Errors: PYDICOM_VENV_FAILED, PYDICOM_PIP_FAILED.
 */
export async function ensurePydicom() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const folder = join(here, 'build', `venv-${hash}`);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'complete'); // written last: a folder without it was interrupted
  if (existsSync(stamp)) return python;
  rmSync(folder, { recursive: true, force: true });
  const venvRemedy = 'Install Python 3.11 or newer and its venv module (Debian: apt install python3-venv)';
  await run('python3', ['-m', 'venv', folder], 'PYDICOM_VENV_FAILED', venvRemedy);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const pipRemedy = 'Check that pip reaches its package index';
  await run(python, [...pip, '-r', requirements], 'PYDICOM_PIP_FAILED', pipRemedy);
  writeFileSync(stamp, '');
  return python;
}

/** @param {string} command @param {string[]} args @param {string} code @param {string} remedy */
async function run(command, args, code, remedy) {
  try {
    await promisify(execFile)(command, args);
  } catch {
    throw Object.assign(new Error(`${command} failed. ${remedy}, then run the same command again.`), {
      code,
    });
  }
}
