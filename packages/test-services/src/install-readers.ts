import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const requirements = fileURLToPath(new URL('../readers/requirements.txt', import.meta.url));
const run = promisify(execFile);

/**
 * The Python interpreter of an environment with the libraries that researchers read data sets with: `datasets`, pyarrow,
 * fsspec and polars at the versions of requirements.txt. Installed from PyPI into the user's cache on the first call
 * (180 MB, 15 s). Throws when that fails, with the way to put it right.
 */
export async function installReaders(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const home = join(homedir(), '.cache/synspine', `readers-${hash}`);
  const python = join(home, 'bin/python');
  const complete = join(home, 'complete'); // written last: a folder without it was interrupted
  if (existsSync(complete)) return python;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(dirname(home), { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '-r', requirements];
  try {
    await run('python3', ['-m', 'venv', home]);
    await run(python, pip);
  } catch (cause) {
    const message = 'The Python readers could not be installed. Run: apt-get install python3-venv';
    throw new Error(message, { cause });
  }
  writeFileSync(complete, '');
  return python;
}
