import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { writeDicom } from '@synspine/dicom';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import type { Listener } from '../dimse/create-store-scp.ts';
import { encodeFileMeta } from '../dimse/file-meta.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { createStowServer, type StowOptions } from './create-stow-server.ts';

const temporaryFolder = useTemporaryFolders();
const CR = '1.2.840.10008.5.1.4.1.1.1';
const DICOM_TYPE = 'multipart/related; type="application/dicom"; boundary=edge';

let server: Listener;
let spool: Spool;
afterEach(() => server.close());

async function start(change: Partial<StowOptions> & { filesMax?: number } = {}): Promise<void> {
  const { filesMax = 100, ...rest } = change;
  spool = await openSpool(await temporaryFolder(), {
    bytesMax: 1e9,
    filesMax,
    filmBytesMax: 5e6,
    freeBytesMin: 0,
  });
  const options = {
    ...{ bind: '127.0.0.1', port: 0, addresses: ['127.0.0.1'], requestsMax: 2 },
    ...{ idleMs: 1_500, filmMs: 5_000, roomWaitMs: 50, ...rest },
  };
  server = await createStowServer(options, { spool, log: createLog('silent') });
}

const film = (uid: string, bytes = 3_000_000) =>
  Buffer.concat([encodeFileMeta(CR, uid, '1.2.840.10008.1.2.1'), Buffer.alloc(bytes, uid)]);

function bodyOf(parts: (Buffer | { type: string; bytes: Buffer })[]): Buffer {
  const pieces = parts.flatMap((part) => {
    const { type, bytes } = Buffer.isBuffer(part) ? { type: 'application/dicom', bytes: part } : part;
    return [Buffer.from(`\r\n--edge\r\nContent-Type: ${type}\r\n\r\n`), bytes];
  });
  return Buffer.concat([...pieces, Buffer.from('\r\n--edge--\r\n')]);
}

async function post(body: Buffer, headers: Record<string, string> = {}, study = '') {
  const response = await fetch(`http://127.0.0.1:${server.port}/dicom-web/studies${study}`, {
    method: 'POST',
    headers: { 'content-type': DICOM_TYPE, ...headers },
    body: body as BodyInit,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
}

const reference = (uid: string) => ({
  '00081150': { vr: 'UI', Value: [CR] },
  '00081155': { vr: 'UI', Value: [uid] },
});

describe('POST /dicom-web/studies', () => {
  it('stores every film of a request as it is, and names each', async () => {
    await start();
    const { status, body, headers } = await post(bodyOf([film('1.2.1'), film('1.2.2')]));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/dicom+json');
    expect(body).toEqual({ '00081199': { vr: 'SQ', Value: [reference('1.2.1'), reference('1.2.2')] } });
    const files = await Promise.all(spool.waiting(9).map((name) => readFile(join(spool.ready, name))));
    expect(files.map((file, i) => file.equals(film(`1.2.${i + 1}`)))).toEqual([true, true]);
  });

  it('answers 202 with the reason for each film that it did not store, 409 when it stored none', async () => {
    await start();
    const bad = { type: 'application/dicom', bytes: Buffer.alloc(500) };
    const other = { type: 'image/jpeg', bytes: Buffer.alloc(500) };
    const mixed = await post(bodyOf([film('1.2.1'), film('1.2.2', 6_000_000), bad, other]));
    expect(mixed.status).toBe(202);
    const reason = { '00081197': { vr: 'US', Value: [0xc000] } };
    expect(mixed.body['00081198'].Value).toEqual([{ ...reference('1.2.2'), ...reason }]);
    expect(mixed.body['0008119A'].Value).toEqual([reason, reason]); // of parts that name no film
    expect((await post(bodyOf([bad]))).status).toBe(409);
  });

  it('answers 503 and when to come again while there is no room', async () => {
    await start({ filesMax: 1 });
    expect((await post(bodyOf([film('1.2.1', 100)]))).status).toBe(200);
    const full = await post(bodyOf([film('1.2.2', 100), film('1.2.3', 100)]));
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '60']);
    expect(full.body['00081198'].Value[0]['00081197'].Value).toEqual([0xa700]);
    await spool.remove(spool.waiting(1)[0]!);
    expect((await post(bodyOf([film('1.2.2', 100)]))).status).toBe(200);
  });

  it('takes no other media type, no compressed body, no unknown address, no wrong token, no broken body', async () => {
    await start({ token: 'a token of the site' });
    const authorization = 'Bearer a token of the site';
    const body = bodyOf([film('1.2.1', 100)]);
    expect((await post(body)).status).toBe(401);
    expect((await post(body, { authorization: 'Bearer a token of the sits' })).status).toBe(401);
    expect((await post(body, { authorization, 'content-type': 'application/dicom' })).status).toBe(415);
    const metadata = 'multipart/related; type="application/dicom+json"; boundary=edge';
    expect((await post(body, { authorization, 'content-type': metadata })).status).toBe(415);
    expect((await post(body, { authorization, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await post(body.subarray(0, -9), { authorization })).status).toBe(400);
    expect((await post(body, { authorization })).status).toBe(200);
    await server.close();
    await start({ addresses: ['10.0.0.0/8'] });
    expect((await post(body)).status).toBe(403);
  });

  it('cuts a sender that stops in the middle, and keeps nothing of it', async () => {
    await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: ${DICOM_TYPE}\r\nContent-Length: 9000000\r\n\r\n`,
    );
    socket.write(bodyOf([film('1.2.1')]).subarray(0, 100_000));
    socket.resume();
    await once(socket, 'close');
    expect(spool.waiting(9)).toEqual([]);
    expect(await spool.hasRoom()).toBe(true);
  });

  it('takes films of one study alone where the address names one', async () => {
    await start();
    const element = (uid: string, syntax: string) =>
      writeDicom([{ tag: 0x0020000d, vr: 'UI', value: uid }], syntax).subarray(
        -8 - uid.length - (uid.length % 2),
      );
    const filmOf = (study: string, uid: string, syntax = '1.2.840.10008.1.2.1') => {
      const head = Buffer.concat([encodeFileMeta(CR, uid, syntax), Buffer.alloc(70_000)]);
      return Buffer.concat([head, element(study, syntax), Buffer.alloc(100_000, uid)]);
    };
    const syntaxes = ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2'];
    const ours = syntaxes.map((syntax, i) => filmOf('1.2.77', `1.2.${i}`, syntax));
    const { status, body } = await post(bodyOf(ours), {}, '/1.2.77');
    expect([status, body['00081199'].Value.length]).toEqual([200, 3]);
    const mixed = await post(bodyOf([filmOf('1.2.77', '1.2.8'), filmOf('1.2.771', '1.2.9')]), {}, '/1.2.77');
    expect(mixed.status).toBe(202);
    expect(mixed.body['00081199'].Value).toEqual([reference('1.2.8')]);
    expect(mixed.body['00081198'].Value).toMatchObject([reference('1.2.9')]);
    expect((await post(bodyOf([filmOf('1.2.7', '1.2.9')]), {}, '/1.2.77')).status).toBe(409);
    expect((await post(bodyOf(ours), {}, '/1.2.x')).status).toBe(400);
    expect(spool.waiting(9)).toHaveLength(4);
  });

  it('tells that it lives', async () => {
    await start({ token: 'a token of the site' });
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });
});
