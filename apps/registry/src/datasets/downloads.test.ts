import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Client, Dataset } from '@synspine/protocol';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFiles, makeManifest, type ReleaseBytes, sha256Hex } from '../test-kit/release-kit.ts';
import {
  announce,
  publish,
  sendFiles,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let dashboardHome: string;
let dashboardDir: string;
let site: TestSite;
let researcher: Client;
let dataset: Dataset;
let files: ReleaseBytes;
const logged: string[] = [];
beforeAll(async () => {
  dashboardHome = await mkdtemp(join(tmpdir(), 'synspine-test-dashboard-'));
  dashboardDir = join(dashboardHome, 'assets/dist'); // a folder above may have any name
  await mkdir(join(dashboardDir, 'assets'), { recursive: true });
  await writeFile(join(dashboardDir, 'index.html'), '<!doctype html><title>Dashboard</title>');
  await writeFile(join(dashboardDir, 'assets/app-1a2b.js'), 'export {};');
  const sink = new Writable({
    write: (chunk, _, done) => {
      logged.push(String(chunk));
      done();
    },
  });
  registry = await startTestRegistry({ log: pino({ base: null }, sink), policy: { dashboardDir } });
  site = await registry.enrol('alder');
  researcher = await registry.person('researcher');
  ({ dataset, files } = await publish(site));
});
afterAll(async () => {
  await registry.close();
  await rm(dashboardHome, { recursive: true });
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const getFile = (headers: Record<string, string> = {}, name = 'images-00000.parquet', client = researcher) =>
  client.call('getFile', { params: { releaseId: dataset.id, name } }, { headers });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const downloads = () => registry.deps.prisma.auditRow.findMany({ where: { action: 'file.download' } });

describe('a file', () => {
  it('comes with its hash as ETag and digest, as an attachment', async () => {
    const response = await getFile();
    const bytes = files['images-00000.parquet']!;
    expect(await bytesOf(response)).toEqual(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${sha256Hex(bytes)}"`,
      'repr-digest': `sha-256=:${Buffer.from(sha256Hex(bytes), 'hex').toString('base64')}:`,
      'accept-ranges': 'bytes',
      'content-length': '2000',
      'content-type': 'application/vnd.apache.parquet',
      'content-disposition': 'attachment; filename="images-00000.parquet"',
    });
  });

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=1990-', 1990, 2000],
    ['bytes=-10', 1990, 2000],
    ['bytes=1990-9999', 1990, 2000],
  ])('comes in the range %s', async (range, start, end) => {
    const response = await getFile({ range });
    expect([response.status, response.headers.get('content-range')]).toEqual([
      206,
      `bytes ${start}-${end - 1}/2000`,
    ]);
    expect(await bytesOf(response)).toEqual(files['images-00000.parquet']!.subarray(start, end));
  });

  it('refuses a range beyond its end', async () => {
    await expect(getFile({ range: 'bytes=2000-' })).rejects.toMatchObject({
      code: 'RANGE_NOT_SATISFIABLE',
      status: 416,
    });
  });

  it('isn’t sent again to whoever has it, and comes whole when If-Range names another', async () => {
    const etag = `"${sha256Hex(files['images-00000.parquet']!)}"`;
    const before = (await downloads()).length;
    await expect(getFile({ 'if-none-match': etag })).rejects.toThrow('304');
    expect((await downloads()).length).toBe(before);
    expect((await getFile({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await getFile({ range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  });

  it('answers HEAD with the headers of a GET of all of it, whatever range is asked for', async () => {
    const { token } = await registry.admin.call('createGrant', {
      body: { name: 'A head', role: 'admin', days: 1 },
    });
    const before = (await downloads()).length;
    const ranges = ['bytes=0-9', 'bytes=999999-', 'bytes=-1'];
    const requests: Record<string, string>[] = [{}, ...ranges.map((range) => ({ range }))];
    const head = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${registry.url}/v1/datasets/${dataset.id}/${path}`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    for (const [path, name] of [
      ['files/images-00000.parquet', 'images-00000.parquet'],
      ['generator', 'generator.safetensors'],
      ['grid.png', 'grid.png'],
    ] as const)
      for (const headers of requests) {
        const response = await head(path, headers);
        expect([response.status, Object.fromEntries(response.headers)]).toEqual([
          200,
          expect.objectContaining({
            'content-length': String(files[name]!.length),
            'accept-ranges': 'bytes',
            etag: `"${sha256Hex(files[name]!)}"`,
          }),
        ]);
        expect(response.headers.has('content-range')).toBe(false);
      }
    const known = await head('grid.png', { 'if-none-match': `"${sha256Hex(files['grid.png']!)}"` });
    expect([known.status, known.headers.get('content-length') === '0']).toEqual([304, false]);
    expect((await downloads()).length).toBe(before);
  });

  it('leaves a line in the audit trail for each download', async () => {
    const before = (await downloads()).length;
    await bytesOf(await getFile());
    const rows = await downloads();
    expect(rows.length).toBe(before + 1);
    expect(rows.at(-1)).toMatchObject({ subject: `${dataset.id}/images-00000.parquet` });
  });

  it('leaves one line for all the parts that one caller reads within an hour', async () => {
    const reader = await registry.person('researcher');
    const other = await registry.person('researcher');
    const read = async (client: Client, range?: string) =>
      bytesOf(await getFile(range ? { range } : {}, 'images-00000.parquet', client));
    const count = async (work: () => Promise<unknown>) => {
      const before = (await downloads()).length;
      await work();
      return (await downloads()).length - before;
    };
    const parts = Array.from({ length: 40 }, (_, i) => `bytes=${i * 50}-${i * 50 + 49}`);
    expect(await count(() => Promise.all(parts.map((range) => read(reader, range))))).toBe(1);
    expect(await count(() => read(other, 'bytes=0-9'))).toBe(1);
    expect(await count(() => read(reader))).toBe(1);
    expect(await count(() => read(reader, 'bytes=5-'))).toBe(0);
    registry.shiftClock(3_600_000);
    expect(await count(() => read(reader, 'bytes=5-'))).toBe(1);
    expect(await count(() => read(reader, 'bytes=-4'))).toBe(0);
    registry.shiftClock(-3_600_000);
  });

  it('isn’t there under another name', async () => {
    await expect(getFile({}, 'images-00001.parquet')).rejects.toEqual(code('NOT_FOUND'));
    await expect(getFile({}, '..%2fsecret')).rejects.toEqual(code('VALIDATION_FAILED'));
  });
});

it('keeps the generator for admins', async () => {
  const params = { releaseId: dataset.id };
  await expect(researcher.call('getGenerator', { params })).rejects.toEqual(code('FORBIDDEN'));
  for (const client of [researcher, registry.admin])
    await expect(getFile({}, 'generator.safetensors', client)).rejects.toEqual(code('NOT_FOUND'));
  const response = await registry.admin.call('getGenerator', { params });
  expect(await bytesOf(response)).toEqual(files['generator.safetensors']);
});

it('shows the sample grid as an image', async () => {
  const response = await researcher.call('getGrid', { params: { releaseId: dataset.id } });
  expect(response.headers.get('content-type')).toBe('image/png');
  expect(await bytesOf(response)).toEqual(files['grid.png']);
});

it('hides a release from everybody until it is published', async () => {
  const pending = makeFiles();
  const { releaseId } = await announce(site, makeManifest(site.id, pending, { version: 50 }));
  const params = { releaseId };
  const expectHidden = async () => {
    for (const client of [researcher, registry.admin]) {
      await expect(client.call('getDataset', { params })).rejects.toEqual(code('NOT_FOUND'));
      await expect(client.call('getManifest', { params })).rejects.toEqual(code('NOT_FOUND'));
      const file = { params: { releaseId, name: 'images-00000.parquet' } };
      await expect(client.call('getFile', file)).rejects.toEqual(code('NOT_FOUND'));
      await expect(client.call('getGrid', { params })).rejects.toEqual(code('NOT_FOUND'));
      const { datasets } = await client.call('listDatasets', { query: { site: site.id } });
      expect(datasets.map((one) => one.id)).toEqual([dataset.id]);
    }
    await expect(registry.admin.call('getGenerator', { params })).rejects.toEqual(code('NOT_FOUND'));
  };
  await sendFiles(site, releaseId, pending);
  await expectHidden();
  await site.client.call('completeRelease', { params }); // now verifying
  await expectHidden();
  await registry.judge(releaseId, 'CONTENT_LABELS'); // now in quarantine
  await expectHidden();
});

it('lists data sets newest first, by site, and the latest of each site', async () => {
  const birch = await registry.enrol('birch');
  const old = (await publish(birch, { version: 1 })).dataset;
  const fresh = (await publish(birch, { version: 2 })).dataset;
  const ids = async (query: { site?: string; latest?: string }) =>
    (await researcher.call('listDatasets', { query })).datasets.map((one) => one.id);
  expect(await ids({})).toEqual([fresh.id, old.id, dataset.id]);
  expect(await ids({ site: 'birch' })).toEqual([fresh.id, old.id]);
  expect(await ids({ latest: 'true' })).toEqual([fresh.id, dataset.id]);
  expect(await ids({ latest: 'true', site: 'birch' })).toEqual([fresh.id]);
  const { sites } = await researcher.call('listSites', {});
  expect(sites.map((one) => [one.id, one.latest?.version])).toEqual([
    ['alder', 1],
    ['birch', 2],
  ]);
});

describe('a request', () => {
  const post = (body: string, type = 'application/json') =>
    fetch(`${registry.url}/v1/enrolments`, { method: 'POST', headers: { 'content-type': type }, body });
  const problem = async (response: Response) => (await response.json()) as Record<string, unknown>;

  it('with an unknown field, a key named twice, broken JSON or another type is refused as a problem', async () => {
    const cases = [
      [await post('{"code":"x","surprise":1}'), 400, 'VALIDATION_FAILED'],
      [await post('{"code":"x","code":"y"}'), 400, 'DUPLICATE_JSON_KEY'],
      [await post('{"code":'), 400, 'VALIDATION_FAILED'],
      [await post(''), 400, 'VALIDATION_FAILED'],
      [await post('code=x', 'application/x-www-form-urlencoded'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      [await post('x', 'application/octet-stream'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
      [await fetch(`${registry.url}/v1/nothing`), 404, 'NOT_FOUND'],
    ] as const;
    for (const [response, status, expected] of cases) {
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      expect(await problem(response)).toMatchObject({
        type: `urn:synspine:problem:${expected}`,
        status,
        code: expected,
      });
    }
  });

  it('is refused before its body is read when it has no token', async () => {
    const url = `${registry.url}/v1/sites`;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: '{"broken' });
    expect([response.status, (await problem(response)).code]).toEqual([401, 'TOKEN_MISSING']);
    expect(response.headers.get('www-authenticate')).toMatch('DPoP');
  });

  it('leaves nothing in the log but route, status, duration, request id and code', async () => {
    await post('{"ZZCANARY":"ZZCANARY"}');
    await fetch(`${registry.url}/v1/datasets/ZZCANARY?site=ZZCANARY`, {
      headers: { authorization: 'Bearer ZZCANARY' },
    });
    await fetch(`${registry.url}/ZZCANARY`);
    await getFile({ 'x-zz': 'ZZCANARY', 'user-agent': 'ZZCANARY' });
    const lines = logged.map((line) => JSON.parse(line) as object);
    const allowed = ['level', 'time', 'msg', 'route', 'status', 'ms', 'requestId', 'code'];
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.flatMap(Object.keys).filter((key) => !allowed.includes(key))).toEqual([]);
    expect(logged.join('')).not.toMatch(/ZZCANARY|127\.0\.0\.1|synspine_/);
  });
});

describe('the dashboard', () => {
  const page = (path: string, accept = 'text/html') => fetch(registry.url + path, { headers: { accept } });

  it('is served with a policy that lets only its own files run', async () => {
    const response = await page('/');
    expect(await response.text()).toContain('Dashboard');
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('answers a page’s address, such as a bookmark, with itself, but not what is missing in the API', async () => {
    expect(await (await page('/sites/alder')).text()).toContain('Dashboard');
    expect((await page('/v1/nothing')).status).toBe(404);
    expect((await page('/assets/missing.js')).status).toBe(404);
    expect((await page('/sites/alder', 'application/json')).status).toBe(404);
  });

  it('lets browsers keep assets, whose names change with their content, and nothing else', async () => {
    expect((await page('/assets/app-1a2b.js')).headers.get('cache-control')).toMatch('immutable');
    expect((await page('/')).headers.get('cache-control')).toBe('no-cache');
    const answer = await researcher.call('getResults', {});
    expect(answer.updatedAt).toBeNull();
  });

  it('gives no file outside its folder', async () => {
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json'])
      expect((await page(path, '*/*')).status).toBeGreaterThanOrEqual(400);
  });
});

it('documents itself from this server alone', async () => {
  const response = await fetch(`${registry.url}/docs/`);
  const html = await response.text();
  expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
  expect(response.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-[^']+';/);
  const document = (await (await fetch(`${registry.url}/docs/openapi.json`)).json()) as { openapi: string };
  expect(document.openapi).toBe('3.1.0');
});
