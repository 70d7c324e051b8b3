import { randomBytes, randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BenchmarkCell,
  type ClassifierDescriptor,
  type Client,
  type Dataset,
  describeProgress,
  type ReleaseManifest,
} from '@synspine/protocol';
import { signClassifier } from '@synspine/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGrant } from '../access/routes.ts';
import { contentDigest, makeFiles, makeManifest, sha256Hex } from '../test-kit/release-kit.ts';
import {
  announce,
  complete,
  publish,
  startTestRegistry,
  type TestRegistry,
  type TestSite,
} from '../test-kit/test-registry.ts';

const SHARD = 'images-00000.parquet';
let registry: TestRegistry;
let researcher: Client;
beforeAll(async () => {
  registry = await startTestRegistry({ policy: { downloadCheckMs: 200 } });
  researcher = await registry.person('researcher');
});
afterAll(() => registry.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const ofRelease = (releaseId: string) => ({ params: { releaseId } });
const withdraw = (releaseId: string, reason: 'DATA_WRONG' | 'PATIENT_PRIVACY' = 'PATIENT_PRIVACY') =>
  registry.admin.call('withdrawRelease', { ...ofRelease(releaseId), body: { reason } });
const listed = async (client: Client, site: string) =>
  (await client.call('listDatasets', { query: { site } })).datasets.map(({ id }) => id);

describe('a withdrawn release', () => {
  let site: TestSite;
  let dataset: Dataset;
  beforeAll(async () => {
    site = await registry.enrol('alder');
    ({ dataset } = await publish(site));
    await withdraw(dataset.id);
  });

  it('answers every request with a tombstone, which says what it was, when and why', async () => {
    const tombstone = {
      releaseId: dataset.id,
      ...{ siteId: 'alder', version: 1, reason: 'PATIENT_PRIVACY' },
      withdrawnAt: expect.any(String),
    };
    const gone = expect.objectContaining({ code: 'RELEASE_WITHDRAWN', status: 410, withdrawal: tombstone });
    const file = { params: { releaseId: dataset.id, name: SHARD } };
    await expect(researcher.call('getDataset', ofRelease(dataset.id))).rejects.toEqual(gone);
    await expect(researcher.call('getManifest', ofRelease(dataset.id))).rejects.toEqual(gone);
    await expect(researcher.call('getFile', file)).rejects.toEqual(gone);
    await expect(researcher.call('getGrid', ofRelease(dataset.id))).rejects.toEqual(gone);
    await expect(registry.admin.call('getGenerator', ofRelease(dataset.id))).rejects.toEqual(gone);
    const raw = await fetch(`${registry.url}/v1/datasets/${dataset.id}`);
    expect(raw.status).toBe(401); // nobody without access learns that it was there
  });

  it('is in no list, so that the benchmark trains on it no more', async () => {
    const benchmark = await registry.enrol('bench', 'benchmark');
    for (const client of [researcher, registry.admin, benchmark.client])
      expect(await listed(client, 'alder')).toEqual([]);
    const { sites } = await researcher.call('listSites', {});
    expect(sites.find(({ id }) => id === 'alder')?.latest).toBeNull();
    const classifier = describeClassifier([dataset]);
    const body = { classifier: await signClassifier(classifier, benchmark.signingKey) };
    const headers = { 'idempotency-key': randomUUID() };
    await expect(benchmark.client.call('createClassifier', { headers, body })).rejects.toEqual(
      code('VALIDATION_FAILED'),
    );
  });

  it('is told to its site with the reason, in words that an older agent can read, and keeps its version', async () => {
    const { releases, verifier } = await site.client.call('listOwnReleases', {});
    expect(releases[0]).toMatchObject({ state: 'quarantined', code: 'PATIENT_PRIVACY', withdrawn: true });
    expect(describeProgress(releases[0]!, verifier)).toBe(
      'release 1 was withdrawn (PATIENT_PRIVACY). The privacy of patients is in doubt.',
    );
    await expect(announce(site, makeManifest('alder', makeFiles()))).rejects.toEqual(code('RELEASE_EXISTS'));
    expect(await site.client.call('latestVersion', {})).toEqual({ version: 1 });
  });

  it('is withdrawn once, with one row of the audit trail, by an admin alone', async () => {
    await withdraw(dataset.id);
    await expect(withdraw(dataset.id, 'DATA_WRONG')).rejects.toEqual(code('RELEASE_WITHDRAWN'));
    const input = { ...ofRelease(dataset.id), body: { reason: 'DATA_WRONG' } } as const;
    for (const client of [researcher, site.client])
      await expect(client.call('withdrawRelease', input)).rejects.toEqual(code('FORBIDDEN'));
    const where = { action: 'release.withdraw', subject: { startsWith: dataset.id } };
    expect((await registry.deps.prisma.auditRow.findMany({ where })).map(({ subject }) => subject)).toEqual([
      `${dataset.id}/PATIENT_PRIVACY`,
    ]);
  });
});

it('withdraws a release that nobody has seen without a tombstone, and one that is not whole not at all', async () => {
  const site = await registry.enrol('unseen');
  const { releaseId } = await complete(site);
  await withdraw(releaseId);
  await expect(researcher.call('getDataset', ofRelease(releaseId))).rejects.toEqual(code('NOT_FOUND'));
  await expect(registry.judge(releaseId)).rejects.toEqual(code('RELEASE_WITHDRAWN'));
  const unfinished = await announce(site, makeManifest('unseen', makeFiles(), { version: 2 }));
  await expect(withdraw(unfinished.releaseId)).rejects.toEqual(code('NOT_FOUND'));
  await expect(withdraw(randomUUID())).rejects.toEqual(code('NOT_FOUND'));
});

it('ends a download of it that is running', async () => {
  const files = { ...makeFiles(), [SHARD]: randomBytes(40 * 1024 ** 2) };
  const { dataset } = await publish(await registry.enrol('running'), {}, files);
  const { token } = await createGrant(registry.deps, { name: 'A', role: 'researcher', days: 1 }, 'test');
  const headers = { authorization: `Bearer ${token}` };
  const outcome = new Promise<string>((resolve) => {
    get(`${registry.url}/v1/datasets/${dataset.id}/files/${SHARD}`, { headers }, async (response) => {
      await withdraw(dataset.id);
      try {
        for await (const _ of response) await sleep(100);
        resolve('whole');
      } catch {
        resolve('cut');
      }
    });
  });
  expect(await outcome).toBe('cut');
}, 60_000);

describe('what came from a withdrawn release', () => {
  let origin: Dataset;
  let heir: Dataset;
  let other: Dataset;
  beforeAll(async () => {
    ({ dataset: origin } = await publish(await registry.enrol('origin')));
    const { siteId, version, manifestSha256, manifest } = origin;
    const { sha256 } = manifest.files.find(({ kind }) => kind === 'generator')!;
    const ancestors = [{ sha256, kind: 'release', release: { siteId, version, manifestSha256 } }] as const;
    const own = makeManifest('heir', makeFiles()).lineage!;
    const lineage: ReleaseManifest['lineage'] = { ...own, ancestors: [...ancestors], origin: 'random' };
    ({ dataset: heir } = await publish(await registry.enrol('heir'), { lineage }));
    ({ dataset: other } = await publish(await registry.enrol('other')));
  });

  it('is marked: releases whose weights began from it, and benchmark cells that learnt from either', async () => {
    const benchmark = await registry.enrol('bench-2', 'benchmark');
    const ids: string[] = [];
    for (const dataset of [origin, heir, other]) ids.push(await publishClassifier(benchmark, dataset));
    const cells = [origin, heir, other].map(({ siteId }, at) => makeCell(siteId, ids[at]!));
    await benchmark.client.call('putResults', { body: { cells } });
    expect((await researcher.call('getResults', {})).cells).toEqual(cells);
    await withdraw(origin.id, 'DATA_WRONG');
    const marked = (await researcher.call('getResults', {})).cells;
    expect(marked.map(({ warnings }) => warnings)).toEqual([
      ['training-withdrawn'],
      ['training-withdrawn'],
      undefined,
    ]);
    const tombstone = expect.objectContaining({ releaseId: origin.id, reason: 'DATA_WRONG' });
    const of = (id: string) => researcher.call('getDataset', ofRelease(id));
    expect((await of(heir.id)).withdrawnAncestors).toEqual([tombstone]);
    expect((await of(other.id)).withdrawnAncestors).toBeUndefined();
    const { datasets } = await researcher.call('listDatasets', { query: { site: 'heir' } });
    expect(datasets[0]?.withdrawnAncestors).toEqual([tombstone]);
    const { sites } = await researcher.call('listSites', {});
    expect(sites.find(({ id }) => id === 'heir')?.latest?.withdrawnAncestors).toEqual([tombstone]);
  });
});

const weights = randomBytes(1_000);
function describeClassifier([dataset]: [Dataset]): ClassifierDescriptor {
  const { siteId, version, manifestSha256 } = dataset;
  return {
    ...{ schema: 'synspine.classifier/1', id: randomUUID(), trainedOn: `synthetic:${siteId}` },
    ...{ architecture: 'small-cnn', imageSize: 32, seeds: 2 },
    releases: [{ siteId, version, manifestSha256 }],
    ...{ weightsSha256: sha256Hex(weights), weightsSize: weights.length },
    createdAt: '2026-11-24T00:00:00.000Z',
  };
}

async function publishClassifier({ client, signingKey }: TestSite, dataset: Dataset): Promise<string> {
  const classifier = await signClassifier(describeClassifier([dataset]), signingKey);
  const headers = { 'idempotency-key': randomUUID() };
  const { id } = await client.call('createClassifier', { headers, body: { classifier } });
  const digest = { 'content-digest': contentDigest(weights) };
  await client.call('putClassifierWeights', { params: { classifierId: id }, headers: digest, body: weights });
  return id;
}

function makeCell(siteId: string, classifierId: string): BenchmarkCell {
  return {
    ...{ trainedOn: `synthetic:${siteId}`, testedOn: 'other', auc: 0.8, ciLow: 0.7, ciHigh: 0.9 },
    ...{ nPositive: 4, nNegative: 5, seeds: 2, classifierId },
  };
}
