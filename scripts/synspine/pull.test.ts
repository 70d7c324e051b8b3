import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drawFilms, writeRelease } from '../../apps/benchmark/src/release.fixture.ts';
import { createClient, type ReleaseManifest } from '../../packages/protocol/src/index.ts';
import {
  generateKeyPair,
  type PrivateJwk,
  publicJwkOf,
  type SiteKeys,
  signManifest,
  verifyManifest,
} from '../../packages/release/src/index.ts';
import { pullDataset, verifyDataset } from './pull.ts';

/** What a registry serves of one release, from a folder, on a real socket, with ranges; the tests tamper with it. */
let server: Server;
let folder: string;
let dir: string;
let siteKey: PrivateJwk;
let manifest: ReleaseManifest;
let served: { listed: ReleaseManifest; ranges: (string | undefined)[]; keys: SiteKeys };

const id = '6c2a7a1e-8a0c-4d7b-9d7e-2f4d0c7b1a11';
const SHARD = 'images-00000.parquet';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synspine-pull-'));
  dir = join(folder, 'pulled');
  siteKey = (await generateKeyPair()).privateJwk;
  manifest = await writeRelease(join(folder, 'served'), await drawFilms(30, 16), 16);
  served = { listed: manifest, ranges: [], keys: { keys: [publicJwkOf(siteKey)] } };
  server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/keys')) return response.end(JSON.stringify(served.keys));
    if (path.endsWith('/manifest'))
      return response.end(JSON.stringify({ manifest: await signManifest(manifest, siteKey) }));
    if (path.endsWith(id)) return response.end(JSON.stringify(describeDataset()));
    const bytes = await readFile(join(folder, 'served', path.split('/').at(-1)!));
    const { range } = request.headers;
    served.ranges.push(range);
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200).end(bytes.subarray(start));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true, force: true });
});

const describeDataset = () => ({
  id,
  siteId: 'alder',
  siteName: 'Alder',
  version: 1,
  publishedAt: '2026-01-02T03:04:05.000Z',
  manifestSha256: 'a'.repeat(64),
  manifest: served.listed,
});
const client = () => createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
const pull = () => pullDataset({ client: client(), id, dir });
const at = (...names: string[]) => join(folder, ...names);

describe('synspine pull', () => {
  it('takes of a compromised key what was published before, and nothing else', async () => {
    const jws = await signManifest(manifest, siteKey);
    const { manifestSha256 } = await verifyManifest(jws, publicJwkOf(siteKey));
    const at = '2026-11-30T00:00:00.000Z';
    const period = { key: publicJwkOf(siteKey), from: at, until: at, compromisedAt: at };
    served.keys = { keys: [], history: [{ ...period, onlyManifests: [manifestSha256] }] };
    expect(await pull()).toBe(0);
    served.keys = { keys: [], history: [{ ...period, onlyManifests: ['a'.repeat(64)] }] };
    await expect(pull()).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('brings the shards of the signed manifest and fetches none twice', async () => {
    expect(await pull()).toBe(0);
    expect(await pull()).toBe(0);
    expect(served.ranges).toHaveLength(2);
    expect(await readFile(join(dir, SHARD))).toEqual(await readFile(at('served', SHARD)));
  });

  it('goes on where it was cut off', async () => {
    await pull();
    await writeFile(join(dir, SHARD), (await readFile(at('served', SHARD))).subarray(0, 1_000));
    expect(await pull()).toBe(0);
    expect(served.ranges.at(-1)).toBe('bytes=1000-');
  });

  it('fetches a shard again that is whole and wrong, longer than listed, or goes on from other bytes', async () => {
    await pull();
    const right = await readFile(at('served', SHARD));
    for (const bad of [Buffer.alloc(right.length), Buffer.concat([right, Buffer.alloc(1)])]) {
      await writeFile(join(dir, SHARD), bad);
      expect(await pull()).toBe(0);
    }
    await writeFile(join(dir, SHARD), Buffer.alloc(1_000));
    await expect(pull()).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH' });
    expect(await pull()).toBe(0);
  });

  it('fetches what the site signed, whatever else the registry lists, and no byte beyond its size', async () => {
    const other = { ...manifest.files.find((f) => f.name === SHARD)!, name: 'other.parquet' };
    served.listed = { ...manifest, files: [...manifest.files, other] };
    await writeFile(at('served', other.name), 'not signed');
    expect(await pull()).toBe(0);
    expect((await readdir(dir)).sort()).toEqual([
      'images-00000.parquet',
      'images-00001.parquet',
      'manifest.jws',
    ]);
    await rm(dir, { recursive: true });
    await writeFile(at('served', SHARD), Buffer.alloc(50_000_000));
    await expect(pull()).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH' });
    expect(await readdir(dir)).not.toContain(SHARD);
  });
});

describe('synspine verify', () => {
  const verify = () => verifyDataset({ client: client(), dir });

  it('also takes the generator that an admin handed out, as the manifest lists it', async () => {
    await pull();
    const name = 'generator.safetensors';
    await copyFile(at('served', name), join(dir, name));
    expect(await verify()).toBe(0);
    await writeFile(join(dir, name), 'other weights');
    await expect(verify()).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH', detail: name });
  });

  it('refuses a file that the manifest does not list', async () => {
    await pull();
    await writeFile(join(dir, 'other.safetensors'), 'weights');
    await expect(verify()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});
