import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestOrthanc, testOrthanc } from '@synspine/test-services';
import getPort from 'get-port';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../films/catalogue.ts';
import { openHome } from '../../home.ts';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import type { Listener } from '../dimse/create-store-scp.ts';
import { parseSourceSettings } from '../settings.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { createStowServer } from '../stow/create-stow-server.ts';
import { openTaken } from '../taken.ts';
import { dataSetOf, type TestFilm, writeFilms } from '../test-films.fixture.ts';
import { createDicomWebClient } from './dicom-web-client.ts';
import { pullFilms } from './pull-films.ts';
import { pullIntoHome } from './pull-into-home.ts';

const temporaryFolder = useTemporaryFolders();
const FILMS = 40;
const TOKEN = 'a token of the site';

let films: TestFilm[];
let labels: string;
let orthanc: TestOrthanc;
let stowPort: number;
beforeAll(async () => {
  ({ films, labels } = await writeFilms(await temporaryFolder(), FILMS, { name: 'web' }));
  stowPort = await getPort();
  const Url = `http://127.0.0.1:${stowPort}/dicom-web`;
  orthanc = await testOrthanc({
    webServers: { agent: { Url, HttpHeaders: { Authorization: `Bearer ${TOKEN}` } } },
  });
  for (const { file } of films)
    expect((await fetch(`${orthanc.url}/instances`, { method: 'POST', body: file as BodyInit })).status).toBe(
      200,
    );
});
afterAll(() => orthanc?.stop());

let server: Listener | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function makeSpool(): Promise<Spool> {
  const limits = { bytesMax: 1e9, filesMax: 1_000, filmBytesMax: 1e6, freeBytesMin: 0 };
  return openSpool(await temporaryFolder(), limits);
}

const hashOf = (bytes: Buffer) => createHash('sha256').update(dataSetOf(bytes)).digest('hex');

async function expectAllFilms(spool: Spool): Promise<void> {
  const files = await Promise.all(
    (await readdir(spool.ready)).map((name) => readFile(join(spool.ready, name))),
  );
  expect(files.map(hashOf).sort()).toEqual(films.map(({ file }) => hashOf(file)).sort());
}

describe('Orthanc', () => {
  it('posts films by STOW-RS: none is lost, none altered', async () => {
    const spool = await makeSpool();
    server = await createStowServer(
      {
        ...{ bind: '127.0.0.1', port: stowPort, addresses: ['127.0.0.1'], token: TOKEN, requestsMax: 8 },
        ...{ idleMs: 10_000, filmMs: 10_000, roomWaitMs: 1_000 },
      },
      { spool, log: createLog('silent') },
    );
    const ids = (await (await fetch(`${orthanc.url}/instances`)).json()) as string[];
    const sent = await fetch(`${orthanc.dicomWebUrl}/servers/agent/stow`, {
      method: 'POST',
      body: JSON.stringify({ Resources: ids, Synchronous: true }),
    });
    expect(sent.status).toBe(200);
    await expectAllFilms(spool);
  });

  it('is pulled from by QIDO-RS and WADO-RS, day by day, and not again', async () => {
    const spool = await makeSpool();
    const taken = await openTaken(join(await temporaryFolder(), 'taken'));
    const { signal } = new AbortController();
    const client = createDicomWebClient({ url: orthanc.dicomWebUrl, idleMs: 10_000, signal });
    const options = { modalities: ['CR', 'DX'], pageSize: 7, signal };
    const first = await pullFilms(client, { spool, taken }, options);
    expect(first).toEqual({ series: FILMS, known: 0, stored: FILMS, refused: 0 });
    await expectAllFilms(spool);
    expect(await pullFilms(client, { spool, taken }, options)).toMatchObject({ known: FILMS, stored: 0 });
    const none = await pullFilms(client, { spool, taken }, { ...options, from: '20210101' });
    expect(none.series).toBe(0);
  });

  it('is pulled from into a home, with labels', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const settings = parseSourceSettings(
      JSON.stringify({ schema: 'synspine.sources/1', labels, dicomWeb: { url: orthanc.dicomWebUrl } }),
    );
    const { signal } = new AbortController();
    const counts = await pullIntoHome(home, settings, { signal });
    expect(counts).toEqual({ series: FILMS, known: 0, stored: FILMS, refused: 0, ingested: FILMS });
    expect((await openCatalogue(home)).films()).toHaveLength(FILMS);
    expect(await readdir(join(home.folders.spool, 'ready'))).toEqual([]);
  });

  it('is not pulled from with a password that others can read', async () => {
    const home = await openHome(await temporaryFolder(), { create: true });
    const basicFile = join(await temporaryFolder(), 'password');
    await writeFile(basicFile, 'user:password\n');
    await chmod(basicFile, 0o644);
    const dicomWeb = { url: orthanc.dicomWebUrl, basicFile };
    const settings = parseSourceSettings(JSON.stringify({ schema: 'synspine.sources/1', labels, dicomWeb }));
    const { signal } = new AbortController();
    await expect(pullIntoHome(home, settings, { signal })).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
    });
  });
});
