import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import { encodeFileMeta } from '../dimse/file-meta.ts';
import { openSpool } from '../spool/spool.ts';
import { openTaken } from '../taken.ts';
import { createDicomWebClient } from './dicom-web-client.ts';
import { pullFilms } from './pull-films.ts';

const temporaryFolder = useTemporaryFolders();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const { signal } = new AbortController();
const clientOf = (url: string, idleMs = 400) =>
  createDicomWebClient({ url: `${url}/dicom-web/`, idleMs, signal });

describe('createDicomWebClient', () => {
  it('asks below its base URL, with its credentials, and reads DICOM JSON', async () => {
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push([request.url, request.headers.authorization, request.headers.accept]);
      response.end('[{"0020000D":{"vr":"UI","Value":["1.2"]}}]');
    });
    const client = createDicomWebClient({
      url: `${url}/base`,
      authorization: 'Bearer x',
      idleMs: 400,
      signal,
    });
    expect(await client.search('/studies', { ModalitiesInStudy: 'CR' })).toHaveLength(1);
    expect(asked).toEqual([['/base/studies?ModalitiesInStudy=CR', 'Bearer x', 'application/dicom+json']]);
  });

  it('follows no redirect, not even for its credentials', async () => {
    let visits = 0;
    const other = await serve((_, response) => void response.end(`${visits++}`));
    const url = await serve((_, response) => void response.writeHead(302, { location: other }).end());
    await expect(clientOf(url).search('/studies', {})).rejects.toMatchObject({ code: 'PULL_REDIRECTED' });
    expect(visits).toBe(0);
  });

  it.each([
    [401, 'PULL_REFUSED'],
    [404, 'PULL_REFUSED'],
    [503, 'PULL_UNREACHABLE'],
  ])('tells status %i as %s', async (status, code) => {
    const url = await serve((_, response) => void response.writeHead(status).end('ZZCANARY'));
    const failed = clientOf(url).search('/studies', {});
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.not.toThrow(/ZZCANARY/);
  });

  it('gives up a server that stops in the middle, is silent or is not there', async () => {
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('[');
      setTimeout(() => response.destroy(), 50);
    });
    const silent = await serve(() => undefined);
    for (const url of [cut, silent, 'http://127.0.0.1:1'])
      await expect(clientOf(url).search('/studies', {})).rejects.toMatchObject({ code: 'PULL_UNREACHABLE' });
  });

  it.each(['not JSON', '{}', '"x"'])('refuses %s as a list', async (text) => {
    const url = await serve((_, response) => void response.end(text));
    await expect(clientOf(url).search('/studies', {})).rejects.toMatchObject({ code: 'PULL_INVALID' });
  });
});

const STUDY = { '0020000D': { vr: 'UI', Value: ['1.2.3'] } };
const series = (uid: string) => ({
  '0020000E': { vr: 'UI', Value: [uid] },
  '00080060': { vr: 'CS', Value: ['CR'] },
});

async function prepare() {
  const limits = { bytesMax: 1e9, filesMax: 99, filmBytesMax: 1e6, freeBytesMin: 0 };
  const spool = await openSpool(await temporaryFolder(), limits);
  return { spool, taken: await openTaken(join(await temporaryFolder(), 'taken')) };
}

const OPTIONS = { modalities: ['CR'], pageSize: 10, signal };

describe('pullFilms', () => {
  it('goes on after a cut with the series that was not whole', async () => {
    let isBroken = true;
    const film = (uid: string) => encodeFileMeta('1.2', uid, '1.2.840.10008.1.2.1');
    const retrieved: string[] = [];
    const url = await serve(({ url: path = '' }, response) => {
      if (path.includes('/studies?')) return response.end(JSON.stringify([STUDY]));
      if (path.includes('/series?')) return response.end(JSON.stringify([series('1.1'), series('1.2')]));
      retrieved.push(path);
      const uid = path.slice(path.lastIndexOf('/') + 1);
      response.writeHead(200, { 'content-type': 'multipart/related; boundary=edge' });
      response.write('--edge\r\n\r\n');
      response.write(film(uid));
      if (uid === '1.2' && isBroken) return response.destroy();
      return response.end('\r\n--edge--');
    });
    const deps = await prepare();
    await expect(pullFilms(clientOf(url), deps, OPTIONS)).rejects.toMatchObject({ code: 'PULL_UNREACHABLE' });
    expect(deps.spool.waiting(9)).toHaveLength(1);
    isBroken = false;
    expect(await pullFilms(clientOf(url), deps, OPTIONS)).toEqual({
      series: 2,
      known: 1,
      stored: 1,
      refused: 0,
    });
    expect(deps.spool.waiting(9)).toHaveLength(2);
    const path = (uid: string) => `/dicom-web/studies/1.2.3/series/${uid}`;
    expect(retrieved).toEqual([path('1.1'), path('1.2'), path('1.2')]);
  });

  it('asks again for a series of which the server left films out', async () => {
    let leftOut = 1;
    const url = await serve(({ url: path = '' }, response) => {
      const counted = { ...series('1.1'), '00201209': { vr: 'IS', Value: [2] } };
      if (path.includes('/studies?')) return response.end(JSON.stringify([STUDY]));
      if (path.includes('/series?')) return response.end(JSON.stringify([counted]));
      const status = leftOut > 0 ? 206 : 200; // Partial Content (PS3.18 table 10.4.3-1)
      response.writeHead(status, { 'content-type': 'multipart/related; boundary=edge' });
      for (const uid of ['2.1', '2.2'].slice(leftOut)) {
        response.write('\r\n--edge\r\n\r\n');
        response.write(encodeFileMeta('1.2', uid, '1.2.840.10008.1.2.1'));
      }
      return response.end('\r\n--edge--');
    });
    const deps = await prepare();
    expect(await pullFilms(clientOf(url), deps, OPTIONS)).toMatchObject({ known: 0, stored: 1 });
    leftOut = 0;
    expect(await pullFilms(clientOf(url), deps, OPTIONS)).toMatchObject({ known: 0, stored: 2 });
    expect(await pullFilms(clientOf(url), deps, OPTIONS)).toMatchObject({ known: 1, stored: 0 });
    expect(deps.spool.waiting(9)).toHaveLength(2);
  });

  it('lets no answer lead it to another address', async () => {
    const asked: string[] = [];
    const url = await serve(({ url: path = '' }, response) => {
      asked.push(path);
      const evil = { ...STUDY, '0020000D': { vr: 'UI', Value: ['../../admin?x=1.2'] } };
      response.end(JSON.stringify([evil]));
    });
    await expect(pullFilms(clientOf(url), await prepare(), OPTIONS)).rejects.toMatchObject({
      code: 'PULL_INVALID',
    });
    expect(asked).toHaveLength(1);
  });
});
