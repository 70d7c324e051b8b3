import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { testOrthanc } from '@synspine/test-services';
import getPort from 'get-port';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { dataSetOf, type TestFilm, writeFilms } from '../test-films.fixture.ts';
import { createStoreScp, type Listener, type StoreScpOptions } from './create-store-scp.ts';

const temporaryFolder = useTemporaryFolders();
const FILMS = 1_000;
const ASSOCIATIONS = 8;
const CALLERS = ['STORESCU', 'ECHOSCU', 'ORTHANC'].map((aeTitle) => ({ aeTitle, addresses: ['127.0.0.1'] }));

let films: TestFilm[];
let folders: string[];
beforeAll(async () => {
  const perFolder = FILMS / ASSOCIATIONS;
  ({ films, folders } = await writeFilms(await temporaryFolder(), FILMS, { perFolder }));
});

let scp: Listener | undefined;
let spool: Spool;
afterEach(async () => {
  await scp?.close();
  scp = undefined;
});

async function start(change: Partial<StoreScpOptions> = {}): Promise<number> {
  const limits = { bytesMax: 20e9, filesMax: 1e5, filmBytesMax: 160 * 1024 * 1024, freeBytesMin: 0 };
  spool = await openSpool(await temporaryFolder(), limits);
  const options = {
    ...{ bind: '127.0.0.1', port: 0, aeTitles: ['SYNSPINE'], callers: CALLERS, associationsMax: 16 },
    ...{ pduBytesMax: 131_072, artimMs: 5_000, idleMs: 30_000, filmMs: 60_000, roomWaitMs: 5_000 },
  };
  scp = await createStoreScp({ ...options, ...change }, { spool, log: createLog('silent') });
  return scp.port;
}

/** Runs one of dcmtk's programs to its end; its exit code. Fails when dcmtk is not installed. */
async function run(program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const [code] = await once(child, 'close'); // rejects with ENOENT where it is missing
  return code as number;
}

const target = (port: number, called = 'SYNSPINE') => ['-aec', called, '127.0.0.1', String(port)];
const sendFolder = (port: number, folder: string, called?: string) =>
  run('storescu', [...target(port, called), '+sd', folder]);

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Hashes of the data sets in a folder of films. */
async function hashDataSets(folder: string): Promise<string[]> {
  const hashes = [];
  for (const name of await readdir(folder))
    hashes.push(hashOf(dataSetOf(await readFile(join(folder, name)))));
  return hashes.sort();
}

describe('dcmtk', () => {
  it('verifies with a C-ECHO, and is rejected under another name', async () => {
    const port = await start();
    expect(await run('echoscu', target(port))).toBe(0);
    expect(await run('echoscu', target(port, 'OTHER'))).not.toBe(0);
    expect(await run('echoscu', ['-aet', 'OTHER', ...target(port)])).not.toBe(0);
  });

  it('sends 1,000 films over 8 associations: none is lost, none altered', async () => {
    const port = await start();
    const codes = await Promise.all(folders.map((folder) => sendFolder(port, folder)));
    expect(codes).toEqual(folders.map(() => 0));
    expect(await hashDataSets(spool.ready)).toEqual(films.map(({ file }) => hashOf(dataSetOf(file))).sort());
  });

  it('is received at half the rate of its own storescp or more', async () => {
    const large = await writeFilms(await temporaryFolder(), 32, { perFolder: 4, side: 2_048, name: 'large' });
    const port = await start();
    const ratios: number[] = [];
    for (let round = 0; round < 5; round++) {
      const theirs = await timeStorescp(large.folders);
      const startedAt = performance.now();
      expect(await Promise.all(large.folders.map((folder) => sendFolder(port, folder)))).toEqual(
        Array(8).fill(0),
      );
      ratios.push(theirs / (performance.now() - startedAt));
      for (const name of spool.waiting(99)) await spool.remove(name);
    }
    ratios.sort((a, b) => a - b);
    process.stdout.write(
      `C-STORE, 32 films of 8 MiB over 8 associations, rate relative to storescp: ${ratios.map((r) => r.toFixed(2)).join(' ')}\n`,
    );
    expect(ratios[2]).toBeGreaterThanOrEqual(0.5);
  });
});

/** Milliseconds in which dcmtk's storescp, one process an association, takes the same folders. */
async function timeStorescp(sent: readonly string[]): Promise<number> {
  const folder = await temporaryFolder();
  const port = await getPort();
  const server: ChildProcess = spawn('storescp', ['--fork', '-od', folder, String(port)], {
    stdio: 'ignore',
  });
  try {
    while ((await run('echoscu', target(port))) !== 0) await sleep(50);
    const startedAt = performance.now();
    const codes = await Promise.all(sent.map((each) => sendFolder(port, each, 'ANY')));
    expect(codes).toEqual(sent.map(() => 0));
    return performance.now() - startedAt;
  } finally {
    server.kill('SIGTERM');
    await once(server, 'close');
  }
}

describe('Orthanc', () => {
  it('sends 1,000 films in 8 jobs: none is lost, none altered', async () => {
    const port = await start();
    const orthanc = await testOrthanc({ modalities: { agent: ['SYNSPINE', '127.0.0.1', port] } });
    try {
      const post = async (path: string, body: string | Buffer) => {
        const response = await fetch(`${orthanc.url}${path}`, { method: 'POST', body: body as BodyInit });
        expect(response.status).toBe(200);
        return response.json();
      };
      const ids: string[] = [];
      for (const { file } of films) ids.push(((await post('/instances', file)) as { ID: string }).ID);
      const jobs = Array.from({ length: ASSOCIATIONS }, (_, i) =>
        ids.filter((_, n) => n % ASSOCIATIONS === i),
      );
      const sent = await Promise.all(jobs.map((job) => post('/modalities/agent/store', JSON.stringify(job))));
      expect(sent.every(({ FailedInstancesCount }) => FailedInstancesCount === 0)).toBe(true);
      expect(await hashDataSets(spool.ready)).toEqual(
        films.map(({ file }) => hashOf(dataSetOf(file))).sort(),
      );
    } finally {
      await orthanc.stop();
    }
  });
});

describe('TLS', () => {
  it('lets dcmtk in with a certificate of the authority, and nobody without', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'pki'));
    const at = (name: string) => join(folder, 'pki', name);
    for (const name of ['site', 'pacs', 'stranger'])
      expect(
        await run('openssl', [
          ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
          ...['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)],
        ]),
      ).toBe(0);
    const [cert, key, ca] = await Promise.all(
      ['site.pem', 'site.key', 'pacs.pem'].map((name) => readFile(at(name))),
    );
    const port = await start({
      tls: { cert: cert!, key: key!, ca, requestCert: true, rejectUnauthorized: true },
    });
    const echo = (name: string) =>
      run('echoscu', ['+tls', at(`${name}.key`), at(`${name}.pem`), '+cf', at('site.pem'), ...target(port)]);
    expect(await echo('pacs')).toBe(0);
    expect(await echo('stranger')).not.toBe(0);
    expect(await run('echoscu', target(port))).not.toBe(0); // without TLS
  });
});
