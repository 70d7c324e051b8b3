import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@synspine/protocol';
import { createAuthoriser, generateKeyPair, verifyManifest } from '@synspine/release';
import { testDatabase } from '@synspine/test-services';
import { calculateJwkThumbprint } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, migrationsDir } from '../database/migrate.ts';
import { makeFiles, makeManifest } from '../test-kit/release-kit.ts';
import {
  announce,
  complete,
  publish,
  sendFiles,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let guest: Client;
beforeAll(async () => {
  registry = await startTestRegistry();
  guest = createClient({ baseUrl: registry.url });
});
afterAll(() => registry.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const params = (site: Pick<TestSite, 'id'>) => ({ params: { siteId: site.id } });
const version = (site: TestSite) => site.client.call('latestVersion', {});
const actions = async (subject: string) =>
  (await registry.deps.prisma.auditRow.findMany({ where: { subject } })).map(({ action }) => action);

/** The same site on a new machine: new keys, and a client of its own. */
async function enrolAgain(site: TestSite): Promise<TestSite> {
  const { enrolmentCode } = await registry.admin.call('inviteAgain', params(site));
  const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const keys = { authKey: auth.publicJwk, signingKey: signing.publicJwk };
  const { audience } = await guest.call('enrol', {
    body: { code: enrolmentCode, ...keys, agentVersion: '0.2.0' },
  });
  const authPrivateJwk = auth.privateJwk;
  const authorise = createAuthoriser({ baseUrl: registry.url, clientId: site.id, audience, authPrivateJwk });
  return {
    ...site,
    client: createClient({ baseUrl: registry.url, authorise }),
    authKey: authPrivateJwk,
    signingKey: signing.privateJwk,
    signingPublicKey: signing.publicJwk,
  };
}

/** What a client that fetched a release verifies it with. */
async function verifyPublished(releaseId: string, siteId: string) {
  const { manifest } = await registry.admin.call('getManifest', { params: { releaseId } });
  return verifyManifest(manifest, (await guest.call('siteKeys', { params: { siteId } })).keys);
}

describe('a suspended site', () => {
  it('is refused at once, with the token it has and with a new one, and goes on where it was', async () => {
    const site = await registry.enrol('suspended');
    const { dataset } = await publish(site);
    const files = makeFiles();
    const { releaseId } = await announce(site, makeManifest(site.id, files, { version: 2 }));
    await registry.admin.call('suspendSite', params(site));
    await expect(version(site)).rejects.toEqual(code('SITE_SUSPENDED'));
    const authorise = createAuthoriser({
      ...{ baseUrl: registry.url, clientId: site.id, audience: registry.url },
      authPrivateJwk: site.authKey,
    });
    const fresh = createClient({ baseUrl: registry.url, authorise });
    await expect(fresh.call('latestVersion', {})).rejects.toEqual(code('SITE_SUSPENDED'));
    await expect(verifyPublished(dataset.id, site.id)).resolves.toBeDefined();
    await registry.admin.call('resumeSite', params(site));
    await sendFiles(site, releaseId, files);
    await site.client.call('completeRelease', { params: { releaseId } });
  });

  it('is shown as such, and each change is one row of the audit trail', async () => {
    const site = await registry.enrol('shown');
    for (const name of ['suspendSite', 'suspendSite', 'resumeSite', 'resumeSite', 'suspendSite'] as const)
      await registry.admin.call(name, params(site));
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find(({ id }) => id === 'shown')?.suspendedAt).toEqual(expect.any(String));
    expect(await actions('shown')).toEqual([
      ...['site.invite-site', 'site.enrol'],
      ...['site.suspend', 'site.resume', 'site.suspend'],
    ]);
  });

  it('can not enrol its way around it', async () => {
    const site = await registry.enrol('around');
    await registry.admin.call('suspendSite', params(site));
    await expect(enrolAgain(site)).rejects.toEqual(code('SITE_SUSPENDED'));
    await registry.admin.call('resumeSite', params(site));
    await version(site);
  });
});

describe('a revoked site', () => {
  it('has no token, key or code left, while its releases stay and verify', async () => {
    const site = await registry.enrol('revoked');
    const { dataset } = await publish(site);
    const { enrolmentCode } = await registry.admin.call('inviteAgain', params(site));
    await registry.admin.call('revokeSite', { ...params(site), body: {} });
    await expect(version(site)).rejects.toEqual(code('TOKEN_INVALID'));
    const other = await registry.enrol('other');
    const authorise = createAuthoriser({
      ...{ baseUrl: registry.url, clientId: site.id, audience: registry.url },
      authPrivateJwk: site.authKey,
    });
    const fresh = createClient({ baseUrl: registry.url, authorise });
    await expect(fresh.call('latestVersion', {})).rejects.toEqual(code('SITE_REVOKED'));
    const body = { code: enrolmentCode, agentVersion: '0.2.0' };
    const keys = { authKey: other.signingPublicKey, signingKey: (await generateKeyPair()).publicJwk };
    await expect(guest.call('enrol', { body: { ...body, ...keys } })).rejects.toEqual(
      code('ENROLMENT_CODE_INVALID'),
    );
    expect((await verifyPublished(dataset.id, site.id)).manifest.siteId).toBe('revoked');
    expect((await actions('revoked')).slice(-2)).toEqual(['site.invite-again', 'site.revoke']);
  });

  it('enrols again under its id with new keys, goes on counting versions and keeps what it released', async () => {
    const old = await registry.enrol('again');
    const { dataset } = await publish(old);
    await registry.admin.call('revokeSite', { ...params(old), body: {} });
    const body = { id: old.id, name: 'Another hospital' };
    await expect(registry.admin.call('createSite', { body })).rejects.toEqual(code('SITE_EXISTS'));
    const site = await enrolAgain(old);
    expect(await version(site)).toEqual({ version: 1 });
    await expect(announce(old, makeManifest(old.id, makeFiles(), { version: 2 }))).rejects.toEqual(
      code('TOKEN_INVALID'),
    );
    const { dataset: next } = await publish(site, { version: 2 });
    for (const { id } of [dataset, next]) await expect(verifyPublished(id, site.id)).resolves.toBeDefined();
    const { keys, history } = await guest.call('siteKeys', params(site));
    expect(keys).toEqual([site.signingPublicKey, old.signingPublicKey]);
    expect(history?.map(({ key, until, compromisedAt }) => [key.x, until !== null, compromisedAt])).toEqual([
      [site.signingPublicKey.x, false, null],
      [old.signingPublicKey.x, true, null],
    ]);
  });

  it('can not come back with a signing key that has ended', async () => {
    const site = await registry.enrol('same-key');
    await registry.admin.call('revokeSite', { ...params(site), body: {} });
    const { enrolmentCode } = await registry.admin.call('inviteAgain', params(site));
    const { kid: _, ...unnamed } = site.signingPublicKey;
    for (const signingKey of [site.signingPublicKey, unnamed, { ...unnamed, kid: 'another-name' }]) {
      const keys = { authKey: (await generateKeyPair()).publicJwk, signingKey };
      const body = { code: enrolmentCode, ...keys, agentVersion: '0.2.0' };
      await expect(guest.call('enrol', { body })).rejects.toEqual(code('VALIDATION_FAILED'));
    }
  });
});

it('gets no token by a key that is being ended at this moment', async () => {
  const site = await registry.enrol('racing');
  const admin = new pg.Client({ connectionString: registry.databaseUrl });
  await admin.connect();
  try {
    await admin.query('BEGIN');
    await admin.query(
      `UPDATE "site" SET "auth_key" = NULL, "signing_key" = NULL, "enrolled_at" = NULL, "revoked_at" = now()
       WHERE "id" = 'racing'`,
    );
    const asked = version(site).catch((error: { code: string }) => error.code);
    while (
      (
        await admin.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
      AND datname = current_database()`)
      ).rowCount === 0
    )
      await sleep(10);
    await admin.query('COMMIT');
    expect(await asked).toBe('TOKEN_INVALID');
    expect(await registry.deps.prisma.accessToken.count({ where: { siteId: 'racing' } })).toBe(0);
  } finally {
    await admin.end();
  }
});

describe('a site that enrols again without having been revoked', () => {
  it('works with its old keys until the new code is used, and not after that', async () => {
    const old = await registry.enrol('moved');
    await registry.admin.call('inviteAgain', params(old));
    await version(old);
    const site = await enrolAgain(old);
    await expect(version(old)).rejects.toEqual(code('TOKEN_INVALID'));
    await version(site);
    await expect(
      announce({ ...site, signingKey: old.signingKey }, makeManifest(site.id, makeFiles())),
    ).rejects.toEqual(code('SIGNATURE_INVALID'));
  });
});

describe('a compromised signing key', () => {
  it('vouches for what was published before and for nothing else', async () => {
    const old = await registry.enrol('stolen');
    const { dataset } = await publish(old);
    const files = makeFiles();
    const { releaseId } = await announce(old, makeManifest(old.id, files, { version: 3 }));
    const unseen = await complete(old, { version: 2 });
    await registry.admin.call('revokeSite', { ...params(old), body: { compromised: true } });
    await expect(old.judge(unseen.releaseId)).rejects.toEqual(code('RELEASE_WITHDRAWN'));
    const { keys, history } = await guest.call('siteKeys', params(old));
    expect(keys).toEqual([]);
    expect(history?.[0]).toMatchObject({
      key: old.signingPublicKey,
      compromisedAt: expect.any(String),
      onlyManifests: [dataset.manifestSha256],
    });
    const site = await enrolAgain(old);
    await sendFiles(site, releaseId, files);
    await expect(site.client.call('completeRelease', { params: { releaseId } })).rejects.toEqual(
      code('SIGNATURE_INVALID'),
    );
    await complete(site, { version: 3 });
    expect(await actions('stolen')).toContain('site.key-compromised');
  });
});

it('takes the keys of a database that knew no history as its beginning', async () => {
  const url = await testDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'synspine-test-migrations-'));
  const folders = (await readdir(migrationsDir)).filter((name) => name < '20261201').sort();
  for (const name of folders) await cp(join(migrationsDir, name), join(dir, name), { recursive: true });
  const client = new pg.Client({ connectionString: url });
  try {
    await migrate(url, dir);
    await client.connect();
    const { kty, crv, x } = (await generateKeyPair()).publicJwk;
    const at = '2026-11-30T12:00:00.000Z';
    for (const [id, key] of [
      ['named', { kty, crv, x, kid: 'a-name' }],
      ['unnamed', { kty, crv, x }],
    ] as const)
      await client.query(
        `INSERT INTO "site" ("id", "name", "kind", "auth_key", "signing_key", "created_at", "enrolled_at")
         VALUES ($1, 'A hospital', 'site', $2, $2, $3, $3)`,
        [id, key, at],
      );
    await migrate(url);
    const { rows } = await client.query('SELECT * FROM "signing_key" ORDER BY "site_id"');
    const thumbprint = await calculateJwkThumbprint({ kty, crv, x });
    expect(rows.map((row) => [row.site_id, row.kid, row.key.x, row.from.toISOString(), row.until])).toEqual([
      ['named', 'a-name', x, at, null],
      ['unnamed', thumbprint, x, at, null],
    ]);
  } finally {
    await client.end();
    await rm(dir, { recursive: true });
  }
});
