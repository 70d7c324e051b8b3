import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { canReach } from './postgres-home.ts';
import { readOrMakePassword } from './postgres-process.ts';
import { processStart } from './supervisor-lock.ts';

let root: string;
let dataDir: string;
const servers: EmbeddedPostgres[] = [];
const supervisors: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'synspine-pg-'));
  chmodSync(root, 0o711); // as a folder of the system would be, so that the account `nobody` gets in
  dataDir = join(root, 'data');
});
afterEach(async () => {
  for (const child of supervisors.splice(0)) child.kill('SIGKILL');
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(root, { recursive: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir });
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that keeps the same data folder; resolves to the admin URL once its server is up. */
async function startSupervisor(): Promise<{ child: ChildProcess; adminUrl: string }> {
  const script = fileURLToPath(new URL('./embedded-postgres.test-supervisor.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  supervisors.push(child);
  const adminUrl = await new Promise<string>((done) =>
    child.stdout.once('data', (data) => done(`${data}`.trim())),
  );
  return { child, adminUrl };
}

function postmasterPid(): number {
  return Number(readFileSync(join(dataDir, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((done) => child.once('exit', () => done()));
}

test('data outlives a stop and a start, and databases are made once', async () => {
  const first = await start();
  await first.createDatabase('kept');
  await query(first.url('kept'), 'CREATE TABLE film (id int); INSERT INTO film VALUES (7)');
  await first.stop();
  expect(await first.ended).toEqual({ expected: true });
  const second = await start();
  await second.createDatabase('kept');
  expect(await query(second.url('kept'), 'SELECT id FROM film')).toEqual([{ id: 7 }]);
});

test('after kill -9 of the supervisor the next one stops the orphan and keeps every committed row', async () => {
  const { child, adminUrl } = await startSupervisor();
  await query(adminUrl, 'CREATE TABLE film (id int); INSERT INTO film VALUES (1), (2)');
  const orphan = postmasterPid();
  child.kill('SIGKILL');
  await ended(child);
  expect(processStart(orphan)).toBeDefined(); // the server really outlived its supervisor
  const server = await start();
  expect(processStart(orphan)).toBeUndefined();
  expect(await query(server.adminUrl, 'SELECT count(*)::int AS films FROM film')).toEqual([{ films: 2 }]);
});

test('after kill -9 of supervisor and server together the next start recovers every committed row', async () => {
  const { child, adminUrl } = await startSupervisor();
  await query(adminUrl, 'CREATE TABLE film (id int); INSERT INTO film SELECT generate_series(1, 1000)');
  process.kill(postmasterPid(), 'SIGKILL');
  child.kill('SIGKILL');
  await ended(child);
  expect(existsSync(join(dataDir, 'cluster/postmaster.pid'))).toBe(true); // stale
  const server = await start();
  expect(await query(server.adminUrl, 'SELECT count(*)::int AS films FROM film')).toEqual([{ films: 1000 }]);
});

test('a pid file that names a pid which now is another program is no obstacle', async () => {
  await (await start()).stop();
  writeFileSync(join(dataDir, 'cluster/postmaster.pid'), `${process.pid}\n`);
  const { adminUrl } = await start();
  expect(await query(adminUrl, 'SELECT 1 AS up')).toEqual([{ up: 1 }]);
  expect(postmasterPid()).not.toBe(process.pid);
});

test('SIGTERM and a plain exit of the supervisor both stop its server', async () => {
  for (const signal of ['SIGTERM', 'SIGUSR2'] as const) {
    const { child } = await startSupervisor(); // SIGUSR2 makes it call process.exit()
    const pid = postmasterPid();
    child.kill(signal);
    await ended(child);
    await vi.waitFor(() => expect(processStart(pid)).toBeUndefined(), { timeout: 10_000 });
  }
});

test('an initdb that was cut off leaves nothing in the way', async () => {
  mkdirSync(join(dataDir, 'cluster.new'), { recursive: true });
  writeFileSync(join(dataDir, 'cluster.new/PG_VERSION'), '18\n');
  const { adminUrl } = await start();
  expect(await query(adminUrl, 'SELECT 1 AS up')).toEqual([{ up: 1 }]);
});

test('a cluster of another major version is refused with a code and left untouched', async () => {
  mkdirSync(join(dataDir, 'cluster'), { recursive: true });
  writeFileSync(join(dataDir, 'cluster/PG_VERSION'), '17\n');
  await expect(start()).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_VERSION' });
  expect(readFileSync(join(dataDir, 'cluster/PG_VERSION'), 'utf8')).toBe('17\n');
});

test('a folder is reachable only if every parent lets the account through', () => {
  const stranger = { uid: 65534, gid: 65534 };
  const open = join(root, 'a/b/file');
  mkdirSync(join(root, 'a/b'), { recursive: true, mode: 0o711 });
  writeFileSync(open, '');
  expect(canReach(open, stranger)).toBe(true);
  chmodSync(root, 0o710);
  expect(canReach(join(root, 'file'), stranger)).toBe(false);
  const owner = { uid: statSync(root).uid, gid: statSync(root).gid };
  expect(canReach(open, owner)).toBe(true);
});

test.runIf(process.getuid?.() === 0)(
  'under root, data below a closed folder lives elsewhere, is found again, and is not taken for new data',
  async () => {
    chmodSync(root, 0o700);
    const first = await start();
    await query(first.adminUrl, 'CREATE TABLE film (id int)');
    await first.stop();
    const place = realpathSync(dataDir);
    expect(lstatSync(dataDir).isSymbolicLink()).toBe(true);
    const second = await start();
    expect(await query(second.adminUrl, 'TABLE film')).toEqual([]);
    await second.stop();
    rmSync(dataDir);
    const third = await start();
    await expect(query(third.adminUrl, 'TABLE film')).rejects.toThrow('does not exist');
    await third.stop();
    const kept = readdirSync(dirname(place)).filter((name) => name.startsWith(`${basename(place)}.unlinked`));
    expect(kept).toHaveLength(1);
    for (const path of [place, join(dirname(place), kept[0]!)]) rmSync(path, { recursive: true });
  },
);

describe('a running server', () => {
  const sharedDir = mkdtempSync(join(tmpdir(), 'synspine-pg-'));
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dataDir: sharedDir });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(sharedDir, { recursive: true });
  });

  test('a second supervisor of the same data is refused while the first lives', async () => {
    await expect(startEmbeddedPostgres({ dataDir: sharedDir })).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_IN_USE',
    });
    expect(await query(server.adminUrl, 'SELECT 1 AS up')).toEqual([{ up: 1 }]);
  });

  test('only 127.0.0.1 is listened on, and a wrong password is refused', async () => {
    const { adminUrl } = server;
    expect(await query(adminUrl, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(adminUrl, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
    const wrong = new URL(adminUrl);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(join(sharedDir, 'password')).mode & 0o777).toBe(0o600);
  });

  test('statements and their values stay out of the server log', async () => {
    const { adminUrl } = server;
    await query(adminUrl, 'CREATE TABLE film (name text UNIQUE)');
    await query(adminUrl, "INSERT INTO film VALUES ('ZZCANARY')");
    await expect(query(adminUrl, "INSERT INTO film VALUES ('ZZCANARY')")).rejects.toThrow();
    expect(readFileSync(join(sharedDir, 'postgres.log'), 'utf8')).not.toContain('ZZCANARY');
  });

  test('a database name that could be more than a name is refused', async () => {
    for (const name of ['', 'a"b', 'Films', '1st', 'x'.repeat(64)]) {
      await expect(server.createDatabase(name)).rejects.toMatchObject({ code: 'DATABASE_NAME_INVALID' });
    }
    await server.createDatabase('x'.repeat(63));
  });
});

test('a password file that a full disk left empty is written anew, and one with a password never', () => {
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'password'), '');
  const password = readOrMakePassword(dataDir);
  expect(password.length).toBeGreaterThan(20);
  expect(readOrMakePassword(dataDir)).toBe(password);
  expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
  expect(readdirSync(dataDir)).toEqual(['password']);
});
