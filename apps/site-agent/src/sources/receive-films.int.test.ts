import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { afterEach, describe, expect, it } from 'vitest';
import { openCatalogue } from '../films/catalogue.ts';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { writeFilms } from './test-films.fixture.ts';

const temporaryFolder = useTemporaryFolders();
const COMMAND = join(import.meta.dirname, '../../bin/synspine-site.mjs');

let agent: ChildProcess | undefined;
let printed = '';
afterEach(() => agent?.kill('SIGKILL'));

async function prepareHome(labels: string, port: number): Promise<Home> {
  const home = await openHome(await temporaryFolder(), { create: true });
  const callers = [{ aeTitle: 'STORESCU', addresses: ['127.0.0.1'] }];
  await writeFile(
    home.files.sources,
    JSON.stringify({ schema: 'synspine.sources/1', labels, dicom: { port, callers } }),
  );
  return home;
}

/** Resolves once it listens. */
async function startAgent(home: Home): Promise<void> {
  agent = spawn(process.execPath, [COMMAND, 'receive', '--home', home.path]);
  for (const stream of [agent.stdout!, agent.stderr!]) stream.on('data', (data) => (printed += data));
  const before = printed.length;
  while (!printed.includes('receiving:', before)) {
    expect(agent.exitCode).toBeNull();
    await sleep(50);
  }
}

async function send(port: number, folder: string): Promise<number> {
  const child = spawn('storescu', ['-nh', '-aec', 'SYNSPINE', '127.0.0.1', String(port), '+sd', folder], {
    stdio: 'ignore',
  });
  const [code] = await once(child, 'close');
  return code as number;
}

async function untilEmpty(home: Home): Promise<void> {
  for (;;) {
    const parts = await Promise.all(
      ['ready', 'incoming'].map((part) => readdir(join(home.folders.spool, part))),
    );
    if (parts.flat().length === 0) return;
    await sleep(100);
  }
}

describe('synspine-site receive', () => {
  it('killed again and again while films come, has each one in the end, once', async () => {
    const port = await getPort();
    const { folders, labels, films } = await writeFilms(await temporaryFolder(), 40, { side: 400 });
    const home = await prepareHome(labels, port);
    for (const afterMs of [200, 1_200]) {
      await startAgent(home);
      const sent = send(port, folders[0]!);
      await sleep(afterMs);
      agent!.kill('SIGKILL');
      await once(agent!, 'close');
      await sent;
    }
    await startAgent(home);
    expect(await send(port, folders[0]!)).toBe(0);
    await untilEmpty(home);
    agent!.kill('SIGTERM');
    const [code] = await once(agent!, 'close');
    expect(code).toBe(0);
    expect((await openCatalogue(home)).films()).toHaveLength(films.length);
    expect(await readdir(home.folders.received)).toEqual([]);
    expect(printed).toContain('received films read');
    expect(printed).not.toContain('ZZCANARY');
  });

  it('keeps a film that came before its label, for `quarantine retry` to take', async () => {
    const port = await getPort();
    const { folders, labels } = await writeFilms(await temporaryFolder(), 3);
    const home = await prepareHome(labels, port);
    const rows = await readFile(labels, 'utf8');
    await writeFile(labels, rows.split('\n').slice(0, 3).join('\n')); // two of three
    await startAgent(home);
    await send(port, folders[0]!);
    await untilEmpty(home);
    await sleep(300);
    expect((await openCatalogue(home)).films()).toHaveLength(2);
    expect(await readdir(home.folders.received)).toHaveLength(1);
    await writeFile(labels, rows);
    const retry = spawn(process.execPath, [COMMAND, 'quarantine', 'retry', '--all', '--home', home.path]);
    expect(await once(retry, 'close')).toEqual([0, null]);
    expect((await openCatalogue(home)).films()).toHaveLength(3);
    expect(await readdir(home.folders.received)).toEqual([]);
  });

  it('lets one process receive for a home', async () => {
    const port = await getPort();
    const home = await prepareHome(join(await temporaryFolder(), 'labels.csv'), port);
    await startAgent(home);
    const second = spawn(process.execPath, [COMMAND, 'receive', '--home', home.path]);
    let said = '';
    second.stderr.on('data', (data) => (said += data));
    expect(await once(second, 'close')).toEqual([75, null]);
    expect(said).toContain('SPOOL_IN_USE');
  });
});
