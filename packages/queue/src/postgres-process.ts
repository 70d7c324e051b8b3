import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { QueueError } from './errors.ts';
import type { Account } from './postgres-home.ts';
import { processStart } from './supervisor-lock.ts';

export const SUPERUSER = 'synspine';
const MAJOR_VERSION = '18';
const STOP_TIMEOUT_MS = 30_000; // a fast shutdown only waits for the last checkpoint

function syncDir(dir: string): void {
  const fd = openSync(dir, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

function writePassword(path: string, password: string): void {
  const fd = openSync(path, 'wx', 0o600);
  writeFileSync(fd, password);
  fsyncSync(fd);
  closeSync(fd);
}

/**
 * The superuser's password, made once and kept beside the cluster, readable only by this process's account. It gets its
 * name when it is whole: a file without one, left by a full disk, would let no cluster be made.
 */
export function readOrMakePassword(dataDir: string): string {
  const path = join(dataDir, 'password');
  const known = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (known !== '') return known;
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const password = randomBytes(24).toString('base64url');
  writePassword(draft, password);
  renameSync(draft, path);
  syncDir(dataDir);
  return password;
}

/**
 * Makes the cluster unless there is one. It is made under a temporary name and renamed, so a crash in between
 * leaves no half cluster. Throws EMBEDDED_POSTGRES_VERSION when the cluster is of another major version.
 */
export async function initCluster(
  dataDir: string,
  binaries: string,
  password: string,
  account: Account | undefined,
): Promise<string> {
  const cluster = join(dataDir, 'cluster');
  if (existsSync(cluster)) {
    assertVersion(cluster);
    return cluster;
  }
  const draft = join(dataDir, 'cluster.new');
  const passwordFile = join(dataDir, 'password.initdb');
  for (const path of [draft, passwordFile]) rmSync(path, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writePassword(passwordFile, password);
  if (account) for (const path of [draft, passwordFile]) chownSync(path, account.uid, account.gid);
  try {
    await runInitdb(binaries, draft, passwordFile, account);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, cluster);
  syncDir(dataDir);
  return cluster;
}

function assertVersion(cluster: string): void {
  const version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR_VERSION) return;
  throw new QueueError(
    'EMBEDDED_POSTGRES_VERSION',
    `The data folder belongs to PostgreSQL ${version}, this build brings ${MAJOR_VERSION}. Dump it with the old build and restore it here.`,
  );
}

async function runInitdb(
  binaries: string,
  dir: string,
  passwordFile: string,
  account?: Account,
): Promise<void> {
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];
  const access = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
  try {
    await promisify(execFile)(join(binaries, 'bin/initdb'), ['-D', dir, ...locale, ...access], {
      env: { TZ: 'UTC' },
      cwd: '/',
      ...account,
    });
  } catch (cause) {
    throw new QueueError(
      'EMBEDDED_POSTGRES_FAILED',
      'initdb failed. Check free space and permissions of the data folder.',
      {
        cause,
      },
    );
  }
}

function leftoverPid(cluster: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
  if (!(pid > 0) || processStart(pid) === undefined) return undefined;
  try {
    // The postmaster's working directory is its cluster. After a restart of the machine or container the pid may be
    // another program's, and PostgreSQL would refuse to start as long as that runs.
    if (readlinkSync(`/proc/${pid}/cwd`) === cluster) return pid;
    rmSync(join(cluster, 'postmaster.pid'));
  } catch {
    // It ended just now or is another account's; PostgreSQL then takes the file for stale by itself.
  }
  return undefined;
}

async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (processStart(pid) !== undefined) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Stops a server that outlived its supervisor: fast shutdown, then at once. Call only while holding the claim. */
export async function stopLeftover(cluster: string): Promise<void> {
  const pid = leftoverPid(cluster);
  if (pid === undefined) return;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it ended by itself in between
    }
    if (await waitForEnd(pid, STOP_TIMEOUT_MS)) return;
  }
  throw new QueueError(
    'EMBEDDED_POSTGRES_FAILED',
    `A PostgreSQL server (pid ${pid}) left by an earlier run does not stop. Stop it by hand.`,
  );
}

/**
 * Starts the server on 127.0.0.1:`port`, TCP only, with durable defaults (fsync, full_page_writes and
 * synchronous_commit are on). Its log goes to `dataDir`/postgres.log without the text of statements.
 */
export function spawnPostgres(
  dataDir: string,
  binaries: string,
  port: number,
  account?: Account,
): ChildProcess {
  const log = join(dataDir, 'postgres.log');
  if (existsSync(log)) renameSync(log, `${log}.1`);
  const fd = openSync(log, 'w', 0o600);
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'password_encryption=scram-sha-256',
    'log_statement=none',
    'log_min_error_statement=panic', // statements may hold values that must not be logged
    'log_parameter_max_length_on_error=0',
    'log_error_verbosity=terse', // DETAIL lines quote row values
    'timezone=UTC',
    'log_timezone=UTC',
  ];
  const args = ['-D', join(dataDir, 'cluster'), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(join(binaries, 'bin/postgres'), args, {
    env: { TZ: 'UTC' },
    cwd: '/',
    stdio: ['ignore', fd, fd],
    detached: true, // a Ctrl-C in the terminal must reach us first, not the database
    ...account,
  });
  closeSync(fd);
  return child;
}

/** Waits until `child` ended; sends SIGQUIT when the fast shutdown takes too long. */
export async function stopChild(child: ChildProcess): Promise<void> {
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  if (hasEnded || child.pid === undefined) return; // without a pid it never started
  child.ref();
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
