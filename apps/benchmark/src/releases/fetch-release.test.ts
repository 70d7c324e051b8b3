import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  createClient,
  type Dataset,
  type KeyPeriod,
  type PublicJwk,
  type ReleaseManifest,
} from '@synspine/protocol';
import {
  generateKeyPair,
  type PrivateJwk,
  publicJwkOf,
  signKeyChange,
  signManifest,
  verifyManifest,
} from '@synspine/release';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../home.ts';
import { drawFilms, temporaryFolder, writeRelease } from '../release.fixture.ts';
import { fetchRelease } from './fetch-release.ts';

/** What a registry serves of one release, from a folder, on a real socket; the tests tamper with it. */
let server: Server;
let baseUrl: string;
let served: { dir: string; jws: string; keys: PublicJwk[]; history?: KeyPeriod[]; requests: string[] };
let siteKey: PrivateJwk;
let dataset: Dataset;
let home: Home;

beforeEach(async () => {
  server = createServer(async (request, response) => {
    const path = request.url ?? '';
    served.requests.push(path);
    if (path.endsWith('/keys'))
      return response.end(JSON.stringify({ keys: served.keys, history: served.history }));
    if (path.endsWith('/manifest')) return response.end(JSON.stringify({ manifest: served.jws }));
    response.end(await readFile(join(served.dir, path.split('/').at(-1)!)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  siteKey = (await generateKeyPair()).privateJwk;
  home = await openHome(await temporaryFolder());
  const dir = await temporaryFolder();
  served = { dir, jws: '', keys: [publicJwkOf(siteKey)], requests: [] };
  await publish(await writeRelease(dir, await drawFilms(30, 16), 16));
});
afterEach(() => new Promise((done) => server.close(done)));

async function publish(manifest: ReleaseManifest, key = siteKey): Promise<void> {
  served.jws = await signManifest(manifest, key);
  const { manifestSha256 } = await verifyManifest(served.jws, publicJwkOf(key));
  dataset = {
    id: '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11',
    siteId: 'alder',
    siteName: 'Alder',
    version: 1,
    publishedAt: '2026-01-02T03:04:05.000Z',
    manifestSha256,
    manifest,
  };
}
const fetchIt = (change: Partial<Dataset> = {}) =>
  fetchRelease(
    { home, client: createClient({ baseUrl }), signal: new AbortController().signal },
    { ...dataset, ...change },
  );
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('fetching a release', () => {
  it('keeps the verified image shards, and not the generator', async () => {
    const { dir, manifest } = await fetchIt();
    expect(manifest).toEqual(dataset.manifest);
    for (const name of ['images-00000.parquet', 'images-00001.parquet'])
      expect(await readFile(join(dir, name))).toEqual(await readFile(join(served.dir, name)));
    expect(served.requests.some((path) => path.includes('generator'))).toBe(false);
  });

  it('fetches no file twice, but one that was torn', async () => {
    const { dir } = await fetchIt();
    await fetchIt();
    expect(served.requests.filter((path) => path.includes('images-'))).toHaveLength(2);
    await writeFile(join(dir, 'images-00000.parquet'), 'torn');
    await expect(fetchIt()).rejects.toEqual(code('FILE_HASH_MISMATCH'));
    await fetchIt();
    expect(served.requests.filter((path) => path.includes('images-'))).toHaveLength(4);
  });

  it('refuses a file with one byte changed, cut off or appended, and keeps nothing of it', async () => {
    const path = join(served.dir, 'images-00001.parquet');
    const bytes = await readFile(path);
    const changed = Buffer.from(bytes);
    changed[100]! ^= 1;
    for (const bad of [changed, bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)])]) {
      await writeFile(path, bad);
      await expect(fetchIt()).rejects.toEqual(code('FILE_HASH_MISMATCH'));
    }
    await writeFile(path, bytes);
    await fetchIt();
  });

  it('refuses a manifest signed by anyone but the site', async () => {
    const other = (await generateKeyPair()).privateJwk;
    await publish(dataset.manifest, other);
    await expect(fetchIt()).rejects.toEqual(code('SIGNATURE_INVALID'));
  });

  it('keeps to the site’s first key when the registry later offers another', async () => {
    await fetchIt();
    const other = (await generateKeyPair()).privateJwk;
    served.keys = [publicJwkOf(other)];
    await fetchIt();
    await publish({ ...dataset.manifest, version: 2 }, other);
    await expect(fetchIt({ version: 2 })).rejects.toEqual(code('SITE_KEY_CHANGED'));
  });

  it('takes a key that the pinned one names, and none that is compromised but for what was published before', async () => {
    await fetchIt();
    const before = { manifest: dataset.manifest, sha256: dataset.manifestSha256 };
    const [next, auth] = [(await generateKeyPair()).privateJwk, (await generateKeyPair()).privateJwk];
    const { byOldKey } = await signKeyChange('alder', { authKey: auth, signingKey: next }, siteKey);
    const period = { until: null, compromisedAt: null };
    const began = {
      ...period,
      key: publicJwkOf(next),
      from: '2026-02-01T00:00:00.000Z',
      endorsement: byOldKey,
    };
    const ended = { ...period, key: publicJwkOf(siteKey), from: '2026-01-01T00:00:00.000Z' };
    served.keys = [began.key, ended.key];
    served.history = [began, ended];
    await publish({ ...before.manifest, version: 2 }, next);
    await fetchIt({ version: 2 });
    const compromised = { ...ended, compromisedAt: began.from, onlyManifests: [before.sha256] };
    served.keys = [began.key];
    served.history = [began, compromised];
    await publish(before.manifest);
    await fetchIt();
    await publish({ ...before.manifest, version: 3 });
    await expect(fetchIt({ version: 3 })).rejects.toEqual(code('SIGNATURE_INVALID'));
  });

  it('refuses a release that no classifier can learn from, so that it keeps no other site from the pool', async () => {
    const { manifest } = dataset;
    await publish({ ...manifest, classNames: ['scoliosis', 'fracture'] });
    await expect(fetchIt()).rejects.toEqual(code('RELEASE_UNSUPPORTED'));
    await publish({ ...manifest, synthetic: { seed: 1, psi: 1, imagesPerClass: [29, 31] } });
    for (const _ of ['fetched', 'there already'])
      await expect(fetchIt()).rejects.toEqual(code('IMAGES_INVALID'));
  });

  it('refuses a release that the registry passes off as another site’s, version or hash', async () => {
    for (const change of [{ siteId: 'birch' }, { version: 2 }, { manifestSha256: '0'.repeat(64) }])
      await expect(fetchIt(change)).rejects.toEqual(code('RELEASE_MISMATCH'));
  });
});
