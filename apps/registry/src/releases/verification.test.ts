import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTENT_CODES, CONTENT_PROBLEMS, describeProgress, INTEGER_MAX } from '@synspine/protocol';
import { signManifest } from '@synspine/release';
import { testDatabase } from '@synspine/test-services';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate, migrationsDir } from '../database/migrate.ts';
import { openDatabase } from '../database/open-database.ts';
import { makeFiles, makeManifest, sha256Hex } from '../test-kit/release-kit.ts';
import {
  announce,
  complete,
  publish,
  sendFiles,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';
import { receiveVerdict } from './decide-release.ts';

let registry: TestRegistry;
let benchmark: TestSite;
let site: TestSite;
let count = 0;
beforeAll(async () => {
  registry = await startTestRegistry();
  benchmark = await registry.enrol('benchmark', 'benchmark');
});
afterAll(() => registry.close());
beforeEach(async () => {
  site = await registry.enrol(`site-${++count}`);
});

const code = (expected: string) => expect.objectContaining({ code: expected });
const own = async () => (await site.client.call('listOwnReleases', {})).releases[0];
const rowsOf = async (releaseId: string) => {
  const rows = await registry.deps.prisma.auditRow.findMany({
    where: { subject: { startsWith: releaseId }, action: { startsWith: 'release.' } },
    orderBy: { sequence: 'asc' },
  });
  return rows.map(({ actor, action, subject }) => [actor, action, subject.slice(releaseId.length)]);
};
const visible = async (releaseId: string) => {
  const { datasets } = await registry.admin.call('listDatasets', { query: {} });
  return datasets.some(({ id }) => id === releaseId);
};

describe('a release that came whole', () => {
  it('stays invisible until a benchmark says that its contents pass, and says so to site and admin', async () => {
    const { releaseId } = await complete(site);
    expect([await visible(releaseId), (await own())?.state]).toEqual([false, 'verifying']);
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find(({ id }) => id === site.id)).toMatchObject({
      latest: null,
      pending: { state: 'verifying' },
    });
    await registry.judge(releaseId);
    expect([await visible(releaseId), (await own())?.state]).toEqual([true, 'published']);
    expect(await rowsOf(releaseId)).toEqual([
      [site.id, 'release.complete', ''],
      ['verifier', 'release.publish', ''],
    ]);
  });

  it('is never visible once a check failed, and its code tells site and admin what to do', async () => {
    const { releaseId } = await complete(site);
    await registry.judge(releaseId, 'CONTENT_PNG_UNMARKED');
    const told = {
      state: 'quarantined',
      code: 'CONTENT_PNG_UNMARKED',
      nextStep: expect.stringMatching(/^An .*Upgrade the agent/),
    };
    expect(await own()).toMatchObject(told);
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find(({ id }) => id === site.id)?.pending).toMatchObject(told);
    expect(await visible(releaseId)).toBe(false);
    expect(await rowsOf(releaseId)).toEqual([
      [site.id, 'release.complete', ''],
      ['verifier', 'release.quarantine', '/CONTENT_PNG_UNMARKED'],
    ]);
  });

  it('is told to nobody but its site, the admin and the benchmark', async () => {
    const { releaseId } = await complete(site);
    const other = await registry.enrol(`other-${count}`);
    expect((await other.client.call('listOwnReleases', {})).releases).toEqual([]);
    const researcher = await registry.person('researcher');
    const { sites } = await researcher.call('listSites', {});
    expect(sites.every(({ pending }) => pending === null)).toBe(true);
    const params = { releaseId, name: 'generator.safetensors' };
    for (const client of [researcher, registry.admin, site.client]) {
      await expect(client.call('getWaitingFile', { params })).rejects.toEqual(code('FORBIDDEN'));
      await expect(
        client.call('putVerdict', { params: { releaseId }, body: { verdict: 'pass' } }),
      ).rejects.toEqual(code('FORBIDDEN'));
    }
    await registry.judge(releaseId, 'CONTENT_GRID');
  });

  it('takes its version for good: in quarantine too, the next one needs a higher number', async () => {
    const { releaseId } = await complete(site, { version: 2 });
    await registry.judge(releaseId, 'CONTENT_LABELS');
    await expect(announce(site, makeManifest(site.id, makeFiles(), { version: 2 }))).rejects.toEqual(
      code('RELEASE_EXISTS'),
    );
    await publish(site, { version: 3 });
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find(({ id }) => id === site.id)).toMatchObject({ latest: { version: 3 }, pending: null });
  });

  it('whose generator is random bytes never waits: it is in quarantine at once, by the registry itself', async () => {
    const files = { ...makeFiles(), 'generator.safetensors': randomBytes(3_000) };
    const { releaseId } = await announce(site, makeManifest(site.id, files));
    await sendFiles(site, releaseId, files);
    const { progress } = await site.client.call('completeRelease', { params: { releaseId } });
    expect(progress).toMatchObject({ state: 'quarantined', code: 'CONTENT_WEIGHTS_HEADER' });
    expect(await visible(releaseId)).toBe(false);
    expect((await rowsOf(releaseId)).at(-1)).toEqual([
      'registry',
      'release.quarantine',
      '/CONTENT_WEIGHTS_HEADER',
    ]);
    await expect(registry.judge(releaseId)).rejects.toEqual(code('VERDICT_CONFLICT'));
  });
});

describe('a verdict', () => {
  it('stands: the same one again is harmless, another one is refused', async () => {
    const { releaseId } = await complete(site);
    await registry.judge(releaseId, 'CONTENT_LABELS');
    await registry.judge(releaseId, 'CONTENT_LABELS');
    await expect(registry.judge(releaseId)).rejects.toEqual(code('VERDICT_CONFLICT'));
    await expect(registry.judge(releaseId, 'CONTENT_GRID')).rejects.toEqual(code('VERDICT_CONFLICT'));
    expect(await rowsOf(releaseId)).toHaveLength(2);
  });

  it('of many at once on two servers, one is written down', async () => {
    const { releaseId } = await complete(site);
    const second = { ...registry.deps, prisma: openDatabase(registry.databaseUrl) };
    const give = (deps: typeof second) => receiveVerdict(deps, 'benchmark', { releaseId, verdict: 'pass' });
    await Promise.all(Array.from({ length: 20 }, (_, i) => give(i % 2 ? second : registry.deps)));
    expect(await rowsOf(releaseId)).toHaveLength(2);
    await second.prisma.$disconnect();
  });

  it('is a code of the table and no text, and there is none for a release that isn’t complete', async () => {
    const { releaseId } = await announce(site, makeManifest(site.id, makeFiles()));
    const give = (verdict: string, more = {}) =>
      benchmark.client.call('putVerdict', { params: { releaseId }, body: { verdict, ...more } as never });
    await expect(give('CONTENT_OTHER')).rejects.toEqual(code('VALIDATION_FAILED'));
    await expect(give('pass', { detail: 'ZZCANARY' })).rejects.toEqual(code('VALIDATION_FAILED'));
    await expect(give('pass')).rejects.toEqual(code('NOT_FOUND'));
    for (const known of CONTENT_CODES) expect(CONTENT_PROBLEMS[known]).toMatch(/\.$/);
  });
});

describe('the benchmark', () => {
  it('gets manifest and every file of a waiting release, and nothing once it is decided', async () => {
    const { releaseId, files } = await complete(site);
    const { releases } = await benchmark.client.call('listWaiting', {});
    const waiting = releases.find((release) => release.releaseId === releaseId);
    expect(waiting).toMatchObject({ siteId: site.id, version: 1 });
    const { manifest } = await benchmark.client.call('getWaitingManifest', { params: { releaseId } });
    expect(manifest).toBe(await signManifest(makeManifest(site.id, files), site.signingKey));
    for (const [name, bytes] of Object.entries(files)) {
      const response = await benchmark.client.call('getWaitingFile', { params: { releaseId, name } });
      expect(sha256Hex(Buffer.from(await response.arrayBuffer()))).toBe(sha256Hex(bytes));
    }
    await registry.judge(releaseId, 'CONTENT_LABELS');
    const params = { releaseId, name: 'grid.png' };
    await expect(benchmark.client.call('getWaitingFile', { params })).rejects.toEqual(code('NOT_FOUND'));
    const after = await benchmark.client.call('listWaiting', {});
    expect(after.releases.some((release) => release.releaseId === releaseId)).toBe(false);
  });

  it('that never asks leaves releases waiting, and the overview says since when none was seen', async () => {
    const lonely = await startTestRegistry();
    const alder = await lonely.enrol('alder');
    await complete(alder);
    const { releases, verifier } = await alder.client.call('listOwnReleases', {});
    expect(verifier).toEqual({ seenAt: null });
    expect(describeProgress(releases[0]!, verifier)).toBe(
      'release 1 waits for verification by a benchmark worker (none seen yet)',
    );
    const worker = await lonely.enrol('benchmark', 'benchmark');
    const goOn = lonely.stopClock();
    await worker.client.call('listWaiting', {});
    const seenAt = lonely.deps.clock().toISOString();
    goOn();
    expect((await lonely.admin.call('listSites', {})).verifier).toEqual({ seenAt });
    await lonely.close();
  });
});

it('migrates a database of 0.1.0: what was published stays so, and an upload goes on', async () => {
  const databaseUrl = await testDatabase();
  const old = await mkdtemp(join(tmpdir(), 'synspine-migrations-'));
  await cp(join(migrationsDir, '20261124000000_init'), join(old, '20261124000000_init'), { recursive: true });
  await migrate(databaseUrl, old);
  await rm(old, { recursive: true });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO "site" ("id", "name", "kind", "created_at") VALUES ('alder', 'Alder', 'site', now())`,
  );
  const insert = (id: number, version: number, status: string, publishedAt: string | null) =>
    client.query(
      `INSERT INTO "release" ("id", "site_id", "version", "manifest", "manifest_sha256", "status", "created_at", "published_at")
       VALUES ($1, 'alder', $2, 'm', $3, $4, now(), $5)`,
      [`00000000-0000-4000-8000-00000000000${id}`, version, `hash-${id}`, status, publishedAt],
    );
  await insert(1, 1, 'published', '2026-11-25T00:00:00Z');
  await insert(2, 1, 'uploading', null); // lost to the one before
  await insert(3, 2, 'uploading', null);
  await insert(4, INTEGER_MAX, 'published', '2026-11-26T00:00:00Z');
  await client.end();
  expect((await migrate(databaseUrl))[0]).toBe('20261130000000_release_verification');
  const prisma = openDatabase(databaseUrl);
  const releases = await prisma.release.findMany({ orderBy: { id: 'asc' } });
  expect(
    releases.map(({ status, publishedAt, completedAt }) => [status, publishedAt?.toISOString(), completedAt]),
  ).toEqual([
    ['published', '2026-11-25T00:00:00.000Z', releases[0]!.publishedAt],
    ['uploading', undefined, null],
    ['uploading', undefined, null],
    ['published', '2026-11-26T00:00:00.000Z', releases[3]!.publishedAt],
  ]);
  await prisma.$disconnect();
});
