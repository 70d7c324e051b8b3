import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Client,
  type ContentVerdict,
  createClient,
  type Dataset,
  PART_BYTES,
  type PublicJwk,
  type ReleaseManifest,
} from '@synspine/protocol';
import { createAuthoriser, generateKeyPair, type PrivateJwk, signManifest } from '@synspine/release';
import { createFileStore } from '@synspine/storage';
import { testDatabase } from '@synspine/test-services';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { createGrant } from '../access/routes.ts';
import { buildApp } from '../app.ts';
import { migrate } from '../database/migrate.ts';
import { openDatabase } from '../database/open-database.ts';
import type { Deps, RegistryPolicy } from '../deps.ts';
import { contentDigest, makeFiles, makeManifest, type ReleaseBytes } from './release-kit.ts';

export type TestRegistry = {
  deps: Deps;
  databaseUrl: string;
  app: FastifyInstance;
  url: string;
  admin: Client;
  /** Moves the registry's clock, which then goes on. */
  shiftClock: (ms: number) => void;
  /** Stops the registry's clock at the present moment, for tests of exact limits; returns what lets it go on. */
  stopClock: () => () => void;
  /** A client with a person's new token. */
  person: (role: 'researcher' | 'admin') => Promise<Client>;
  /** A site or benchmark that has enrolled. */
  enrol: (id: string, kind?: 'site' | 'benchmark', agentVersion?: string) => Promise<TestSite>;
  /** A benchmark of its own, enrolled at the first call, reports what it found in a release's contents. */
  judge: (releaseId: string, verdict?: ContentVerdict) => Promise<void>;
  close: () => Promise<void>;
};

export type TestSite = {
  id: string;
  client: Client;
  judge: TestRegistry['judge'];
  authKey: PrivateJwk;
  signingKey: PrivateJwk;
  signingPublicKey: PublicJwk;
};

/** A registry on its own database and folder, listening on a free port; everything in it is real. */
export async function startTestRegistry(
  options: { log?: Logger; policy?: Partial<RegistryPolicy> } = {},
): Promise<TestRegistry> {
  const databaseUrl = await testDatabase();
  await migrate(databaseUrl);
  const dir = await mkdtemp(join(tmpdir(), 'synspine-test-registry-'));
  let shiftMs = 0;
  let stoppedAt: number | undefined;
  const config: RegistryPolicy = {
    publicUrl: '',
    agentVersionMin: '0.2.0',
    takesDemonstrations: false,
    ...options.policy,
  };
  const deps: Deps = {
    prisma: openDatabase(databaseUrl),
    store: await createFileStore(dir),
    config,
    clock: () => new Date((stoppedAt ?? Date.now()) + shiftMs),
    log: options.log ?? pino({ level: 'silent' }),
  };
  const app = await buildApp(deps);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  config.publicUrl = url;
  const person = async (role: 'researcher' | 'admin') => {
    const { token } = await createGrant(deps, { name: role, role, days: 30 }, 'test');
    return createClient({ baseUrl: url, authorise: async () => ({ Authorization: `Bearer ${token}` }) });
  };
  const admin = await person('admin');
  let verifier: Promise<TestSite> | undefined;
  const judge: TestRegistry['judge'] = async (releaseId, verdict = 'pass') => {
    verifier ??= enrolTestSite(
      { url, admin, judge },
      { id: 'verifier', kind: 'benchmark', agentVersion: '0.2.0' },
    );
    await (await verifier).client.call('putVerdict', { params: { releaseId }, body: { verdict } });
  };
  return {
    deps,
    databaseUrl,
    app,
    url,
    admin,
    shiftClock: (ms) => {
      shiftMs += ms;
    },
    stopClock: () => {
      stoppedAt = Date.now();
      return () => {
        stoppedAt = undefined;
      };
    },
    person,
    judge,
    enrol: (id, kind = 'site', agentVersion = '0.2.0') =>
      enrolTestSite({ url, admin, judge }, { id, kind, agentVersion }),
    close: async () => {
      await app.close();
      await deps.prisma.$disconnect();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function enrolTestSite(
  { url: baseUrl, admin, judge }: Pick<TestRegistry, 'url' | 'admin' | 'judge'>,
  { id, kind, agentVersion }: { id: string; kind: 'site' | 'benchmark'; agentVersion: string },
): Promise<TestSite> {
  const { enrolmentCode } = await admin.call('createSite', { body: { id, name: `Hospital ${id}`, kind } });
  const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const { audience } = await createClient({ baseUrl }).call('enrol', {
    body: {
      code: enrolmentCode,
      authKey: auth.publicJwk,
      signingKey: signing.publicJwk,
      agentVersion,
    },
  });
  const authorise = createAuthoriser({ baseUrl, clientId: id, audience, authPrivateJwk: auth.privateJwk });
  return {
    id,
    client: createClient({ baseUrl, authorise }),
    judge,
    authKey: auth.privateJwk,
    signingKey: signing.privateJwk,
    signingPublicKey: signing.publicJwk,
  };
}

/** Announces a manifest under an Idempotency-Key of its own. */
export async function announce(
  site: Pick<TestSite, 'client' | 'signingKey'>,
  manifest: ReleaseManifest,
  key: string = crypto.randomUUID(),
) {
  const jws = await signManifest(manifest, site.signingKey);
  return site.client.call('createRelease', {
    headers: { 'idempotency-key': key },
    body: { manifest: jws },
  });
}

/** Sends every part of every file. */
export async function sendFiles(
  site: Pick<TestSite, 'client'>,
  releaseId: string,
  files: ReleaseBytes,
): Promise<void> {
  for (const [name, bytes] of Object.entries(files))
    for (let part = 1; (part - 1) * PART_BYTES < bytes.length; part++)
      await sendPart(site, releaseId, name, part, bytes.subarray((part - 1) * PART_BYTES, part * PART_BYTES));
}

export function sendPart(
  site: Pick<TestSite, 'client'>,
  releaseId: string,
  name: string,
  part: number,
  body: Buffer,
) {
  const headers = { 'content-digest': contentDigest(body) };
  return site.client.call('putPart', { params: { releaseId, name, part }, headers, body });
}

/** Announces, sends and completes a release of small files, which then waits as `verifying`. */
export async function complete(
  site: TestSite,
  change: Partial<ReleaseManifest> = {},
  files: ReleaseBytes = makeFiles(),
): Promise<{ releaseId: string; files: ReleaseBytes }> {
  const { releaseId } = await announce(site, makeManifest(site.id, files, change));
  await sendFiles(site, releaseId, files);
  await site.client.call('completeRelease', { params: { releaseId } });
  return { releaseId, files };
}

/** The same, and its contents pass. */
export async function publish(
  site: TestSite,
  change: Partial<ReleaseManifest> = {},
  files: ReleaseBytes = makeFiles(),
): Promise<{ dataset: Dataset; files: ReleaseBytes }> {
  const { releaseId } = await complete(site, change, files);
  await site.judge(releaseId);
  const { progress: _, ...dataset } = await site.client.call('completeRelease', { params: { releaseId } });
  return { dataset, files };
}
