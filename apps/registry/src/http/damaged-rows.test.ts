import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  complete,
  publish,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let alder: TestSite;
let birch: TestSite;
let sound: string;
let damaged: string;
const logged: string[] = [];
beforeAll(async () => {
  const write = (chunk: unknown, _: unknown, done: () => void) => {
    logged.push(String(chunk));
    done();
  };
  registry = await startTestRegistry({ log: pino({ base: null }, new Writable({ write })) });
  [alder, birch] = [await registry.enrol('alder'), await registry.enrol('birch')];
  sound = (await publish(birch)).dataset.id;
  damaged = (await publish(alder)).dataset.id;
});
beforeEach(() => {
  logged.length = 0;
});
afterAll(() => registry.close());

const sql = (text: string, ...values: unknown[]) => registry.deps.prisma.$executeRawUnsafe(text, ...values);
const errors = () =>
  logged
    .map((line) => JSON.parse(line) as { level: number; code?: string; table?: string; id?: unknown })
    .filter(({ level }) => level >= 50);
const payload = (document: object) => `a.${Buffer.from(JSON.stringify(document)).toString('base64url')}.b`;

describe('a published release', () => {
  it.each([
    ['whose manifest is no JSON', 'manifest', 'a.ZZCANARY.b'],
    ['whose manifest is no JWS', 'manifest', ''],
    ['whose manifest lacks fields', 'manifest', payload({ siteId: 'ZZCANARY' })],
    ['whose manifest is null', 'manifest', payload(null as never)],
    ['whose hash is cut', 'manifest_sha256', 'abc'],
    ['whose date is none', 'published_at', 'infinity'],
  ])('%s is left out of the lists, and named in the log', async (_, column, value) => {
    const cast = column === 'published_at' ? '::timestamptz' : '';
    const before = (await registry.deps.prisma.release.findUniqueOrThrow({
      where: { id: damaged },
    })) as never;
    await sql(`UPDATE "release" SET "${column}" = $1${cast} WHERE "id" = '${damaged}'`, value);
    try {
      const { datasets } = await registry.admin.call('listDatasets', { query: {} });
      expect(datasets.map(({ id }) => id)).toEqual([sound]);
      const { sites } = await registry.admin.call('listSites', {});
      expect(sites.map(({ id, latest }) => [id, latest?.id ?? null])).toEqual([
        ['alder', null],
        ['birch', sound],
      ]);
      const params = { releaseId: damaged };
      await expect(registry.admin.call('getDataset', { params })).rejects.toMatchObject({
        code: 'ROW_DAMAGED',
      });
      const told = errors().filter(({ code }) => code === 'ROW_DAMAGED');
      expect(told).toContainEqual(expect.objectContaining({ table: 'release', id: damaged }));
      expect(logged.join('')).not.toContain('ZZCANARY');
    } finally {
      const camel = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      await sql(`UPDATE "release" SET "${column}" = $1${cast} WHERE "id" = '${damaged}'`, before[camel]);
    }
    const { datasets } = await registry.admin.call('listDatasets', { query: {} });
    expect(datasets).toHaveLength(2);
  });
});

it('shows a site whose status is damaged without it', async () => {
  await sql(`UPDATE "site" SET "status" = '{"stage":"ZZCANARY"}' WHERE "id" = 'alder'`);
  const { sites } = await registry.admin.call('listSites', {});
  expect(sites.map(({ id, status }) => [id, status])).toEqual([
    ['alder', null],
    ['birch', null],
  ]);
  expect(errors()).toEqual([expect.objectContaining({ code: 'ROW_DAMAGED', table: 'site', id: 'alder' })]);
});

it('lists the grants beside a damaged one', async () => {
  const body = { name: 'To be damaged', role: 'researcher', days: 1 } as const;
  const { id } = await registry.admin.call('createGrant', { body });
  await sql(`UPDATE "grant" SET "expires_at" = 'infinity' WHERE "id" = '${id}'`);
  const { grants } = await registry.admin.call('listGrants', {});
  expect(grants.map(({ name }) => name)).toEqual(['admin']);
  expect(errors()).toEqual([expect.objectContaining({ table: 'grant', id })]);
});

it('lets a benchmark go on beside a damaged release, score or cell', async () => {
  const benchmark = await registry.enrol('benchmark', 'benchmark');
  const [first, second] = [await complete(alder, { version: 2 }), await complete(birch, { version: 2 })];
  await sql(`UPDATE "release" SET "manifest_sha256" = 'cut' WHERE "id" = '${first.releaseId}'`);
  const { releases } = await benchmark.client.call('listWaiting', {});
  expect(releases.map(({ releaseId }) => releaseId)).toEqual([second.releaseId]);
  await sql(
    `INSERT INTO "score" ("site_id", "subject", "report", "created_at") VALUES ('alder', 'local', '{}', now())`,
  );
  expect((await benchmark.client.call('listScores', {})).scores).toEqual([]);
  await sql(
    `INSERT INTO "benchmark_result" ("cells", "created_by", "created_at") VALUES ('[{"auc":"ZZCANARY"}]', 'x', now())`,
  );
  expect((await registry.admin.call('getResults', {})).cells).toEqual([]);
  expect(errors().map(({ table }) => table)).toEqual(['release', 'score', 'benchmark_result']);
});
