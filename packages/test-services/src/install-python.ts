import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What tests compare with: by what researchers read data sets (180 MB), and the usual DICOMweb client (25 MB). */
type PythonLibraries = 'readers' | 'dicomweb-client';

const run = promisify(execFile);

/**
 * A Python interpreter that has the libraries of `python/NAME.txt` at the versions there, installed from PyPI into the user's cache
 * on the first call. Throws when that fails, with the way to put it right.
 */
export async function installPython(name: PythonLibraries): Promise<string> {
  const requirements = fileURLToPath(new URL(`../python/${name}.txt`, import.meta.url));
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const home = join(homedir(), '.cache/synspine', `${name}-${hash}`);
  const python = join(home, 'bin/python');
  if (existsSync(python)) return python;
  mkdirSync(dirname(home), { recursive: true });
  const draft = mkdtempSync(`${home}-`);
  try {
    await run('python3', ['-m', 'venv', draft]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:'];
    await run(join(draft, 'bin/python'), [...pip, '-r', requirements]);
    renameSync(draft, home); // whole or not at all; its interpreter finds its packages wherever it lies
  } catch (cause) {
    if (existsSync(python)) return python; // another process was quicker
    throw new Error(`${name} could not be installed. Run: apt-get install python3-venv`, { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return python;
}
