import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Client, createClient, type PublicJwk } from '@synspine/protocol';
import { generateKeyPair } from '@synspine/release';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { readBenchmarkKeys } from './benchmark-keys.ts';

const temporaryFolder = useTemporaryFolders();

let home: Home;
let client: Client;
let server: Server;
/** Of each site that the registry knows. */
let keys: Record<string, PublicJwk[]>;
beforeEach(async () => {
  home = await openHome(join(await temporaryFolder(), 'home'), { create: true });
  keys = {};
  server = createServer((request, response) => {
    const siteId = /^\/v1\/sites\/([a-z-]+)\/keys$/.exec(request.url ?? '')?.[1] ?? '';
    const found = keys[siteId];
    const body = found ? { keys: found } : { type: 't', title: 't', status: 404, code: 'NOT_FOUND' };
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(() => void server.close().closeAllConnections());

const newKey = async () => (await generateKeyPair()).publicJwk;

describe('the benchmark’s keys', () => {
  it('are found whatever it is called, though a hospital is called benchmark', async () => {
    const [ours, hospital] = [await newKey(), await newKey()];
    keys = { centre: [ours], benchmark: [hospital] };
    expect(await readBenchmarkKeys(home, client, 'centre')).toEqual([ours]);
  });

  it('are those of `benchmark` at a registry that does not tell its id', async () => {
    keys = { benchmark: [await newKey()] };
    expect(await readBenchmarkKeys(home, client)).toEqual(keys.benchmark);
  });

  it('stay those of the first use, whichever benchmark the registry names later', async () => {
    const first = await newKey();
    keys = { centre: [first], other: [await newKey()] };
    await readBenchmarkKeys(home, client, 'centre');
    keys = { ...keys, centre: [await newKey()] };
    for (const id of ['centre', 'other', undefined])
      expect(await readBenchmarkKeys(home, client, id)).toEqual([first]);
  });

  it('are not pinned while it has none', async () => {
    keys = { centre: [] };
    await expect(readBenchmarkKeys(home, client, 'centre')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    keys = { centre: [await newKey()] };
    expect(await readBenchmarkKeys(home, client, 'centre')).toEqual(keys.centre);
  });
});
