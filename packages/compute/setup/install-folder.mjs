import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

const stampName = 'complete.json';

/**
 * True when the folder was installed whole: its stamp lists every file with its size, and all of them are still there.
 * @param {string} folder
 */
export function isInstalled(folder) {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, stampName), 'utf8'));
    return Object.entries(files).every(([name, size]) => statSync(join(folder, name)).size === size);
  } catch {
    return false; // no stamp, an unreadable stamp or a missing file all mean: install again
  }
}

/**
 * Fills a folder through a temporary one beside it, and renames it into place when complete, so that a crash leaves nothing half done.
 * @param {string} folder
 * @param {(temporary: string) => Promise<void>} fill
 */
export async function installFolder(folder, fill) {
  mkdirSync(dirname(folder), { recursive: true });
  removeAbandoned(folder);
  const temporary = `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  mkdirSync(temporary);
  try {
    await fill(temporary);
    writeFileSync(join(temporary, stampName), JSON.stringify({ files: fileSizes(temporary) }));
    if (isInstalled(folder)) return; // another process was faster
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if ((code === 'ENOTEMPTY' || code === 'EEXIST') && isInstalled(folder)) return;
    throw code === 'ENOSPC' ? new SetupError('DISK_FULL', `The disk of ${dirname(folder)} is full`) : error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder any folder on the disk in question, created if need be
 * @param {number} bytes
 */
export function requireDiskSpace(folder, bytes) {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (/** @type {number} */ count) => (count / 1e9).toFixed(1);
  throw new SetupError(
    'DISK_FULL',
    `${folder} has ${gigabytes(bavail * bsize)} GB free but setup needs ${gigabytes(bytes)} GB`,
  );
}

/** @param {string} folder @returns {Record<string, number>} */
function fileSizes(folder) {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  return Object.fromEntries(files.map((name) => [name, statSync(join(folder, name)).size]));
}

/** Removes what processes that no longer live have left. @param {string} folder */
function removeAbandoned(folder) {
  const prefix = `${basename(folder)}.tmp-`;
  for (const name of readdirSync(dirname(folder))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (!existsSync(`/proc/${pid}`)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}
