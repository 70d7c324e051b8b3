import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '0.61.2';
const PACKAGES = [
  `dicomweb-client==${VERSION}`,
  'certifi==2026.10.19.post1',
  'charset-normalizer==3.5.3',
  'idna==3.20',
  'numpy==2.4.6',
  'pillow==13.0.0',
  'pydicom==3.0.2',
  'requests==2.34.2',
  'retrying==1.4.2',
  'urllib3==2.8.0',
];
const run = promisify(execFile);

/**
 * A Python interpreter that has `dicomweb-client`, the usual DICOMweb client, installed from PyPI into the user's cache on the
 * first call (25 MB). Throws when that fails, with the way to put it right.
 */
export async function installDicomWebClient(): Promise<string> {
  const home = join(homedir(), '.cache/synspine', `dicomweb-client-${VERSION}`);
  const python = join(home, 'bin/python');
  if (existsSync(python)) return python;
  mkdirSync(dirname(home), { recursive: true });
  const draft = mkdtempSync(`${home}-`);
  try {
    await run('python3', ['-m', 'venv', draft]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:'];
    await run(join(draft, 'bin/python'), [...pip, ...PACKAGES]);
    renameSync(draft, home); // whole or not at all; its interpreter finds its packages wherever it lies
  } catch (cause) {
    if (!existsSync(python))
      throw new Error('dicomweb-client could not be installed. Run: apt-get install python3-venv', { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return python;
}
