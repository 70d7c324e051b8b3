import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@synspine/protocol';
import { testDatabase } from '@synspine/test-services';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashSecret } from '../auth/secrets.ts';
import { migrate, migrationsDir } from '../database/migrate.ts';
import { inTransaction } from '../database/open-database.ts';
import { removeExpired } from '../database/remove-expired.ts';
import { makeFiles, makeManifest } from '../test-kit/release-kit.ts';
import { announce, sendFiles, startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';
import { appendAudit, hashAuditRow } from './append-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const configuredToken = 'a-token-of-the-configuration';
let registry: TestRegistry;
beforeAll(async () => {
  registry = await startTestRegistry({ policy: { adminTokenSha256: hashSecret(configuredToken) } });
});
afterAll(() => registry.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const clientWith = (token: string) =>
  createClient({ baseUrl: registry.url, authorise: async () => ({ authorization: `Bearer ${token}` }) });

describe('a grant', () => {
  const create = (days: number) =>
    registry.admin.call('createGrant', { body: { name: 'A researcher', role: 'researcher', days } });

  it('opens data sets, at once and until it is taken back', async () => {
    const { id, token } = await create(30);
    const researcher = clientWith(token);
    await researcher.call('listDatasets', { query: {} });
    await registry.admin.call('revokeGrant', { params: { grantId: id } });
    await registry.admin.call('revokeGrant', { params: { grantId: id } });
    await expect(researcher.call('listDatasets', { query: {} })).rejects.toEqual(code('TOKEN_INVALID'));
  });

  it('ends on its day', async () => {
    const day = 86_400_000;
    const letGo = registry.stopClock();
    const { token } = await create(1);
    registry.shiftClock(day - 1);
    await clientWith(token).call('listDatasets', { query: {} });
    registry.shiftClock(1);
    await expect(clientWith(token).call('listDatasets', { query: {} })).rejects.toEqual(
      code('TOKEN_EXPIRED'),
    );
    registry.shiftClock(-day);
    letGo();
  });

  it('is listed without its token, which isn’t in the database either', async () => {
    const { id, token } = await create(30);
    const { grants } = await registry.admin.call('listGrants', {});
    expect(grants.find((grant) => grant.id === id)).toMatchObject({ role: 'researcher', revokedAt: null });
    expect(JSON.stringify([grants, await registry.deps.prisma.grant.findMany()])).not.toContain(token);
  });

  it('is refused for no or too many days, and its end can’t be found by guessing ids', async () => {
    for (const days of [0, 367]) await expect(create(days)).rejects.toEqual(code('VALIDATION_FAILED'));
    const params = { grantId: crypto.randomUUID() };
    await expect(registry.admin.call('revokeGrant', { params })).rejects.toEqual(code('NOT_FOUND'));
  });

  it('isn’t needed by the admin of the configuration', async () => {
    await clientWith(configuredToken).call('listGrants', {});
    await expect(clientWith(`${configuredToken}x`).call('listGrants', {})).rejects.toEqual(
      code('TOKEN_INVALID'),
    );
  });
});

describe('the audit trail', () => {
  it('stays one chain when fifty events come at once', async () => {
    const { prisma, clock } = registry.deps;
    const event = (subject: string) => ({ at: clock(), actor: 'test', action: 'test', subject });
    const append = (i: number) => inTransaction(prisma, (tx) => appendAudit(tx, event(`number ${i}`)));
    await Promise.all(Array.from({ length: 50 }, (_, i) => append(i)));
    const { rows, brokenAt } = await verifyAudit(prisma);
    expect([rows, brokenAt]).toEqual([await prisma.auditRow.count(), null]);
  });

  it('is read newest first, page by page', async () => {
    const { rows } = await registry.admin.call('listAudit', { query: {} });
    const sequences = rows.map((row) => row.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => b - a));
    const older = await registry.admin.call('listAudit', { query: { before: 3 } });
    expect(older.rows.map((row) => row.sequence)).toEqual([2, 1]);
  });

  it.each(['UPDATE "audit_row" SET "actor" = \'x\'', 'DELETE FROM "audit_row"', 'TRUNCATE "audit_row"'])(
    'refuses %s',
    async (sql) => {
      await expect(registry.deps.prisma.$executeRawUnsafe(sql)).rejects.toThrow('only grows');
    },
  );

  it.each([
    ['changed', `UPDATE "audit_row" SET "actor" = 'somebody else' WHERE "sequence" = 5`, 5],
    ['dropped', 'DELETE FROM "audit_row" WHERE "sequence" = 9', 10],
    [
      'swapped',
      `UPDATE "audit_row" SET "subject" = CASE "sequence" WHEN 3 THEN (SELECT "subject" FROM "audit_row" WHERE "sequence" = 4) ELSE "subject" END`,
      3,
    ],
  ])('shows that a row was %s by somebody who may lift the trigger', async (_, sql, brokenAt) => {
    const { prisma } = registry.deps;
    const undo = new Error('undo');
    const outcome = await inTransaction(prisma, async (tx) => {
      await tx.$executeRawUnsafe('ALTER TABLE "audit_row" DISABLE TRIGGER "audit_row_only_grows"');
      await tx.$executeRawUnsafe(sql);
      throw Object.assign(undo, { found: await verifyAudit(tx) });
    }).catch((error: { found?: unknown }) => error.found);
    expect(outcome).toMatchObject({ brokenAt });
    expect(await verifyAudit(prisma)).toMatchObject({ brokenAt: null });
  });
});

describe('a row that a site has witnessed', () => {
  /** What only the table's owner can do: all rows from one on again, with hashes that fit. */
  const rewrite = (from: number, actor: string) =>
    inTransaction(registry.deps.prisma, async (tx) => {
      await tx.$executeRawUnsafe('ALTER TABLE "audit_row" DISABLE TRIGGER "audit_row_only_grows"');
      const rows = await tx.auditRow.findMany({
        where: { sequence: { gte: from } },
        orderBy: { sequence: 'asc' },
      });
      let { previousHash } = rows[0]!;
      for (const row of rows) {
        const changed = { ...row, previousHash, ...(row.sequence === from && { actor }) };
        previousHash = hashAuditRow(changed);
        await tx.auditRow.update({
          where: { sequence: row.sequence },
          data: { ...changed, hash: previousHash },
        });
      }
      await tx.$executeRawUnsafe('ALTER TABLE "audit_row" ENABLE TRIGGER "audit_row_only_grows"');
    });

  it('shows that the whole trail was rewritten, though its chain fits', async () => {
    const { client } = await registry.enrol('witness');
    const { prisma } = registry.deps;
    const { head } = await client.call('getAuditHead', { query: {} });
    const original = await prisma.auditRow.findUniqueOrThrow({ where: { sequence: 4 } });
    expect(await verifyAudit(prisma, [head!])).toMatchObject({ brokenAt: null });
    await rewrite(4, 'nobody');
    expect(await verifyAudit(prisma)).toMatchObject({ brokenAt: null });
    expect(await verifyAudit(prisma, [head!])).toMatchObject({ brokenAt: head!.sequence });
    const { since } = await client.call('getAuditHead', { query: { since: head!.sequence } });
    expect(since).not.toEqual(head);
    await rewrite(4, original.actor);
    expect(await verifyAudit(prisma, [head!])).toMatchObject({ brokenAt: null });
  });

  it('is missed when the end of the trail is gone, and is asked for by sites and admins alone', async () => {
    const { head } = await registry.admin.call('getAuditHead', { query: {} });
    const beyond = head!.sequence + 1000;
    expect(await registry.admin.call('getAuditHead', { query: { since: beyond } })).toEqual({
      head,
      since: null,
    });
    const gone = { sequence: beyond, hash: head!.hash };
    expect(await verifyAudit(registry.deps.prisma, [head!, gone])).toMatchObject({ brokenAt: beyond });
    const researcher = await registry.person('researcher');
    await expect(researcher.call('getAuditHead', { query: {} })).rejects.toEqual(code('FORBIDDEN'));
  });
});

describe('migrations', () => {
  it('are applied once, by any number of servers that start together', async () => {
    const url = await testDatabase();
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(url)));
    const names = (await readdir(migrationsDir, { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    );
    expect(applied.flat()).toHaveLength(names.length);
    expect(await migrate(url)).toEqual([]);
  });

  it('leave nothing of one that fails, and refuse one that was edited afterwards', async () => {
    const url = await testDatabase();
    const dir = await mkdtemp(join(tmpdir(), 'synspine-test-migrations-'));
    await cp(migrationsDir, dir, { recursive: true });
    await mkdir(join(dir, '99999999999999_broken'));
    await writeFile(join(dir, '99999999999999_broken/migration.sql'), 'CREATE TABLE "half" (); SELECT 1/0;');
    await expect(migrate(url, dir)).rejects.toThrow('division by zero');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    expect(
      (await client.query(`SELECT to_regclass('half') AS half, to_regclass('site') AS site`)).rows,
    ).toEqual([{ half: null, site: 'site' }]);
    await client.end();
    const first = (await readdir(dir)).sort()[0]!;
    await writeFile(join(dir, first, 'migration.sql'), '-- edited');
    await expect(migrate(url, dir)).rejects.toEqual(code('MIGRATION_CHANGED'));
    await rm(dir, { recursive: true });
  });
});

it('has every table and column that the schema names', async () => {
  const { prisma } = registry.deps;
  const models = [
    'site',
    'enrolmentCode',
    'accessToken',
    'usedTokenId',
    'grant',
    'idempotencyKey',
    'release',
  ] as const;
  const more = ['releaseFile', 'classifier', 'task', 'score', 'benchmarkResult', 'auditRow'] as const;
  for (const model of [...models, ...more])
    await (prisma[model] as unknown as { findFirst(): Promise<unknown> }).findFirst();
});

it('removes what has expired and uploads that were abandoned for a week, and nothing else', async () => {
  const { deps } = registry;
  const site = await registry.enrol('alder');
  const files = makeFiles();
  const { releaseId } = await announce(site, makeManifest(site.id, files));
  await sendFiles(site, releaseId, files);
  const count = async () => [await deps.prisma.usedTokenId.count(), await deps.prisma.release.count()];
  const before = await count();
  await removeExpired(deps);
  expect(await count()).toEqual(before);
  const inAWeek = new Date(deps.clock().getTime() + 7 * 86_400_000 + 1000);
  const uploads = await deps.prisma.releaseFile.findMany({ where: { releaseId } });
  await removeExpired({ ...deps, clock: () => inAWeek });
  expect(await count()).toEqual([0, 0]);
  for (const { uploadId } of uploads)
    await expect(deps.store.listParts(uploadId!)).rejects.toEqual(code('UPLOAD_NOT_FOUND'));
});
