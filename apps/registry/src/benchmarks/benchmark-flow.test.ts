import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BenchmarkCell,
  type ClassifierDescriptor,
  type Dataset,
  type ScoreReport,
  trainingOf,
} from '@synspine/protocol';
import { signClassifier } from '@synspine/release';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentDigest, sha256Hex } from '../test-kit/release-kit.ts';
import { publish, startTestRegistry, type TestRegistry, type TestSite } from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let benchmark: TestSite;
let alder: TestSite;
let birch: TestSite;
let dataset: Dataset;
beforeAll(async () => {
  registry = await startTestRegistry();
  benchmark = await registry.enrol('bench', 'benchmark');
  alder = await registry.enrol('alder');
  birch = await registry.enrol('birch');
  ({ dataset } = await publish(alder));
});
afterAll(() => registry.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const weights = randomBytes(5_000);

function describeClassifier(change: Partial<ClassifierDescriptor> = {}): ClassifierDescriptor {
  return {
    schema: 'synspine.classifier/1',
    id: randomUUID(),
    trainedOn: 'synthetic:alder',
    architecture: 'small-cnn',
    imageSize: 32,
    seeds: 2,
    releases: [{ siteId: 'alder', version: 1, manifestSha256: dataset.manifestSha256 }],
    weightsSha256: sha256Hex(weights),
    weightsSize: weights.length,
    createdAt: '2026-11-24T00:00:00.000Z',
    ...change,
  };
}

async function announce(descriptor: ClassifierDescriptor, key: string = randomUUID(), by = benchmark) {
  const classifier = await signClassifier(descriptor, by.signingKey);
  return benchmark.client.call('createClassifier', {
    headers: { 'idempotency-key': key },
    body: { classifier },
  });
}
const sendWeights = (classifierId: string, bytes: Buffer = weights) =>
  benchmark.client.call('putClassifierWeights', {
    params: { classifierId },
    headers: { 'content-digest': contentDigest(bytes) },
    body: bytes,
  });
const tasksOf = async (site: TestSite, wait = 0) =>
  (await site.client.call('pollTasks', { query: { wait } })).tasks;

const idIn = (jws: string) =>
  JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()).id as string;
async function waitForLock(db: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await db.query(
      'SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = current_database()',
    );
    if (rows.length > 0) return;
    await sleep(10);
  }
}

const histogram = (counts: Record<number, number>) =>
  Array.from({ length: 256 }, (_, bin) => counts[bin] ?? 0);
const report: ScoreReport = {
  trainedOn: 'synthetic:alder',
  seeds: 2,
  holdOutCommitment: createHash('sha256').update('hold-out').digest('hex'), // as in the test kit's manifest
  positive: histogram({ 200: 50 }),
  negative: histogram({ 10: 70 }),
  auc: 1,
  aucVariance: 0,
};
const cell: BenchmarkCell = {
  ...{ trainedOn: 'synthetic:alder', testedOn: 'alder', auc: 0.8, ciLow: 0.7, ciHigh: 0.9 },
  ...{ nPositive: 4, nNegative: 5, seeds: 2 },
};

it('carries a classifier to the hospitals and their counts back', async () => {
  const descriptor = describeClassifier();
  expect(await announce(descriptor)).toEqual({ id: descriptor.id, status: 'announced' });
  expect(await tasksOf(alder)).toEqual([]); // not before its weights are here
  await sendWeights(descriptor.id);
  await sendWeights(descriptor.id);
  expect(await announce(descriptor)).toEqual({ id: descriptor.id, status: 'ready' });

  const [task, ...others] = await tasksOf(alder);
  expect(others).toEqual([]);
  expect(task!.benchmarkId).toBe('bench'); // sites look for its keys there
  const params = { taskId: task!.id };
  const response = await alder.client.call('getTaskWeights', { params });
  expect(Buffer.from(await response.arrayBuffer())).toEqual(weights);

  await alder.client.call('completeTask', { params, body: report });
  await alder.client.call('completeTask', { params, body: report }); // the answer may have been lost
  const other = { ...report, positive: histogram({ 201: 50 }) };
  await expect(alder.client.call('completeTask', { params, body: other })).rejects.toEqual(
    code('RESULT_INVALID'),
  );
  expect(await tasksOf(alder)).toEqual([]);

  const { sites, scores } = await benchmark.client.call('listScores', {});
  expect(sites).toEqual(['alder', 'birch']);
  expect(scores).toEqual([{ siteId: 'alder', classifierId: descriptor.id, report }]);

  const [open] = await tasksOf(birch);
  const refusal = { params: { taskId: open!.id }, body: { code: 'POLICY_FORBIDS' } };
  await birch.client.call('refuseTask', refusal);
  await birch.client.call('refuseTask', refusal);
  expect(await tasksOf(birch)).toEqual([]);
  const { refused } = await benchmark.client.call('listScores', {});
  expect(refused).toEqual([{ siteId: 'birch', classifierId: descriptor.id, code: 'POLICY_FORBIDS' }]);
});

describe('a classifier', () => {
  it('is refused when another key than the benchmark’s signed it', async () => {
    await expect(announce(describeClassifier(), randomUUID(), alder)).rejects.toEqual(
      code('SIGNATURE_INVALID'),
    );
  });

  it('is refused when a release it was trained on isn’t published as it says', async () => {
    for (const change of [{ version: 2 }, { manifestSha256: '0'.repeat(64) }]) {
      const releases = [{ ...describeClassifier().releases[0]!, ...change }];
      await expect(announce(describeClassifier({ releases }))).rejects.toEqual(code('VALIDATION_FAILED'));
    }
  });

  it('keeps its id to itself, and a key its request', async () => {
    const descriptor = describeClassifier();
    await announce(descriptor, 'one-key-1');
    await expect(announce({ ...descriptor, seeds: 3 })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    await expect(announce(describeClassifier(), 'one-key-1')).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
  });

  it('takes only the weights that its descriptor pins', async () => {
    const { id } = await announce(describeClassifier());
    const tampered = Buffer.from(weights);
    tampered[0]! ^= 1;
    await expect(sendWeights(id, tampered)).rejects.toEqual(code('FILE_HASH_MISMATCH'));
    await expect(sendWeights(id, weights.subarray(1))).rejects.toEqual(code('FILE_HASH_MISMATCH'));
    await expect(sendWeights(randomUUID())).rejects.toEqual(code('NOT_FOUND'));
  });

  it('becomes one task a hospital when its weights come ten times at once', async () => {
    const { id } = await announce(describeClassifier());
    await Promise.all(Array.from({ length: 10 }, () => sendWeights(id)));
    expect(await registry.deps.prisma.task.count({ where: { classifierId: id } })).toBe(2);
  });
});

it('is a task at the one hospital that it leaves out', async () => {
  const { dataset: other } = await publish(birch);
  const { manifestSha256 } = other;
  const cedar = await registry.enrol('cedar');
  const releases = [...describeClassifier().releases, { siteId: 'birch', version: 1, manifestSha256 }];
  const { id } = await announce(describeClassifier({ trainedOn: 'synthetic:all-but-cedar', releases }));
  await sendWeights(id);
  const has = async (site: TestSite) => (await tasksOf(site)).some((task) => idIn(task.classifier) === id);
  expect([await has(alder), await has(birch), await has(cedar)]).toEqual([false, false, true]);
});

describe('a task', () => {
  it('belongs to its site alone', async () => {
    const { id } = await announce(describeClassifier());
    await sendWeights(id);
    const params = { taskId: (await tasksOf(alder)).at(-1)!.id };
    await expect(birch.client.call('getTaskWeights', { params })).rejects.toEqual(code('NOT_FOUND'));
    await expect(birch.client.call('completeTask', { params, body: report })).rejects.toEqual(
      code('NOT_FOUND'),
    );
    const refusal = { params, body: { code: 'NO' } };
    await expect(birch.client.call('refuseTask', refusal)).rejects.toEqual(code('NOT_FOUND'));
  });

  it('is answered only with counts of the hold-out that the site declared', async () => {
    const params = { taskId: (await tasksOf(alder)).at(-1)!.id };
    for (const change of [
      { holdOutCommitment: '0'.repeat(64) },
      { negative: histogram({ 10: 71 }) },
      { auc: 0.5 },
    ]) {
      const answer = alder.client.call('completeTask', { params, body: { ...report, ...change } });
      await expect(answer).rejects.toEqual(code('RESULT_INVALID'));
    }
  });

  it('stays answered when the site refuses it while its answer is being written', async () => {
    const descriptor = describeClassifier();
    await announce(descriptor);
    await sendWeights(descriptor.id);
    const task = (await tasksOf(alder)).find(({ classifier }) => idIn(classifier) === descriptor.id)!;
    const params = { taskId: task.id };
    const blocker = new pg.Client({ connectionString: registry.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE "score" IN EXCLUSIVE MODE'); // holds the answer between its look and its writing
    const answering = alder.client.call('completeTask', { params, body: report });
    await waitForLock(blocker);
    const refusing = alder.client.call('refuseTask', { params, body: { code: 'TOO_FEW_FILMS' } });
    await Promise.race([refusing, sleep(500)]);
    await blocker.query('COMMIT');
    await Promise.all([answering, refusing]);
    await blocker.end();
    const { prisma } = registry.deps;
    const { status, refusalCode } = await prisma.task.findUniqueOrThrow({ where: { id: task.id } });
    expect([status, refusalCode]).toEqual(['done', null]);
    const rows = await prisma.auditRow.findMany({ where: { subject: task.id } });
    expect(rows.map((row) => row.action)).toEqual(['task.done']);
  });

  it('reaches a site that is waiting for it, and an empty wait ends on time', async () => {
    const dogwood = await registry.enrol('dogwood');
    const started = performance.now();
    expect(await tasksOf(dogwood, 1)).toEqual([]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
    const waiting = tasksOf(dogwood, 20);
    const { id } = await announce(describeClassifier());
    await sendWeights(id);
    expect(await waiting).toHaveLength(1);
  });
});

describe('a site’s own result', () => {
  it('is kept in place of an earlier one, and only under its own name', async () => {
    const local = { ...report, trainedOn: 'real:alder', seeds: 1 };
    await alder.client.call('putLocalScore', { body: { ...local, seeds: 3 } });
    await alder.client.call('putLocalScore', { body: local });
    const { scores } = await benchmark.client.call('listScores', {});
    expect(scores.filter((score) => score.classifierId === null)).toEqual([
      { siteId: 'alder', classifierId: null, report: local },
    ]);
    const training = trainingOf(describeClassifier({ seeds: 1 }));
    const [deep, shallow] = [
      { ...local, training: { ...training, architecture: 'densenet-121' as const } },
      { ...local, training },
    ];
    for (const body of [deep, shallow, shallow])
      await alder.client.call('putLocalScore', { body: { ...body, nTraining: 30 } });
    const kept = (await benchmark.client.call('listScores', {})).scores.filter(
      (s) => s.classifierId === null,
    );
    expect(kept.map((score) => score.report.training?.architecture ?? null).sort()).toEqual(
      [null, 'densenet-121', 'small-cnn'].sort(),
    );
    const seeds = { body: { ...shallow, seeds: 2 } }; // not those of its training
    await expect(alder.client.call('putLocalScore', seeds)).rejects.toEqual(code('RESULT_INVALID'));
    const foreign = { body: { ...local, trainedOn: 'real:birch' } };
    await expect(alder.client.call('putLocalScore', foreign)).rejects.toEqual(code('RESULT_INVALID'));
  });
});

it('shows the newest matrix to researchers, who can’t write one', async () => {
  const researcher = await registry.person('researcher');
  await benchmark.client.call('putResults', { body: { cells: [] } });
  await benchmark.client.call('putResults', { body: { cells: [cell] } });
  expect(await researcher.call('getResults', {})).toEqual({ cells: [cell], updatedAt: expect.any(String) });
  await expect(researcher.call('putResults', { body: { cells: [] } })).rejects.toEqual(code('FORBIDDEN'));
  await expect(alder.client.call('putResults', { body: { cells: [] } })).rejects.toEqual(code('FORBIDDEN'));
  await expect(researcher.call('listScores', {})).rejects.toEqual(code('FORBIDDEN'));
});
