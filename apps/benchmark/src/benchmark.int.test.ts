import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeClassifier, predict } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { aucInterval } from '@synspine/metrics';
import { type Client, createClient, type PublicJwk, type ReleaseManifest } from '@synspine/protocol';
import { createAuthoriser, generateKeyPair, signManifest, verifyClassifier } from '@synspine/release';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFilms, writeRelease } from './release.fixture.ts';

const SIZE = 16;
const program = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const REGISTRY = program('registry/bin/synspine-registry.mjs');
const BENCHMARK = program('benchmark/bin/synspine-benchmark.mjs');

type Site = { id: string; client: Client; manifest: ReleaseManifest; firstTestFilm: number };

/** The registry's own program with its embedded database, and three sites that have released phantom films. */
let folder: string;
let registry: ChildProcess;
let environment: NodeJS.ProcessEnv;
let admin: Client;
let url: string;
let sites: Site[];

beforeAll(async () => {
  initCompute();
  folder = await mkdtemp(join(tmpdir(), 'synspine-benchmark-int-'));
  environment = { ...process.env, DATA_DIR: join(folder, 'registry'), PORT: '0', LOG_LEVEL: 'silent' };
  const token = await execute(REGISTRY, 'create-admin', '--name', 'Test');
  registry = spawn(process.execPath, [REGISTRY, 'serve'], { env: environment });
  url = await new Promise<string>((found, failed) => {
    let text = '';
    registry.once('exit', () => failed(new Error('the registry ended')));
    registry.stdout!.on('data', (chunk) => {
      text += chunk;
      const match = /http:\/\/[\w.]+:\d+/.exec(text);
      if (match) found(match[0]);
    });
  });
  admin = createClient({ baseUrl: url, authorise: async () => ({ Authorization: `Bearer ${token}` }) });
  verifier = (await enrolled('verifier', 'benchmark')).client;
  sites = await Promise.all(['alder', 'birch', 'cedar'].map(releaseFrom));
}, 300_000);

afterAll(async () => {
  const ended = new Promise((done) => registry.once('exit', done));
  registry.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
}, 30_000);

async function execute(path: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { env: environment });
  return stdout.trim();
}
const run = (...args: string[]) =>
  execute(BENCHMARK, 'run', '--home', join(folder, 'home'), '--once', ...args);

/** A benchmark that lets the phantoms of this test pass: no weights draw them. */
let verifier: Client;

async function enrolled(id: string, kind: 'site' | 'benchmark') {
  const { enrolmentCode: code } = await admin.call('createSite', { body: { id, name: id, kind } });
  const [auth, signing] = [await generateKeyPair(), await generateKeyPair()];
  const keys = { authKey: auth.publicJwk, signingKey: signing.publicJwk, agentVersion: '0.1.0' };
  const { audience } = await createClient({ baseUrl: url }).call('enrol', { body: { code, ...keys } });
  const authorise = createAuthoriser({
    baseUrl: url,
    clientId: id,
    audience,
    authPrivateJwk: auth.privateJwk,
  });
  return { client: createClient({ baseUrl: url, authorise }), signing };
}

async function releaseFrom(id: string, number: number): Promise<Site> {
  const { client, signing } = await enrolled(id, 'site');
  const dir = join(folder, `release-${id}`);
  const counts = { train: 30, validation: 5, heldOut: 60 };
  const training = {
    loss: 'gan',
    imagesShown: 1_000,
    fit: 'squeeze',
    films: counts,
    patients: counts,
  } as const;
  const manifest = await writeRelease(dir, await drawFilms(60, SIZE, number * 5_000), SIZE, {
    siteId: id,
    training,
  });
  const { releaseId } = await client.call('createRelease', {
    headers: { 'idempotency-key': randomUUID() },
    body: { manifest: await signManifest(manifest, signing.privateJwk) },
  });
  for (const { name } of manifest.files) {
    const body = await readFile(join(dir, name));
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    await client.call('putPart', {
      params: { releaseId, name, part: 1 },
      headers: { 'content-digest': digest },
      body,
    });
  }
  await client.call('completeRelease', { params: { releaseId } });
  await verifier.call('putVerdict', { params: { releaseId }, body: { verdict: 'pass' } });
  return { id, client, manifest, firstTestFilm: 90_000 + number * 1_000 };
}

/** What a site agent does with its tasks, on phantoms in place of films. */
async function answerTasks({ client, manifest, firstTestFilm }: Site, keys: PublicJwk[]): Promise<number> {
  const { tasks } = await client.call('pollTasks', { query: { wait: 0 } });
  const films = await drawFilms(30, SIZE, firstTestFilm);
  const gray = await Promise.all(films.map((film) => sharp(film.png).toColourspace('b-w').raw().toBuffer()));
  const labels = films.map((film) => Number(film.label === 'abnormal'));
  for (const task of tasks) {
    const { descriptor } = await verifyClassifier(task.classifier, keys);
    const response = await client.call('getTaskWeights', { params: { taskId: task.id } });
    const weights = new Uint8Array(await response.arrayBuffer());
    const ensemble = decodeClassifier(weights, { ...descriptor, classes: 2 });
    const scores = predict(ensemble, Buffer.concat(gray)).filter((_, i) => i % 2 === 1);
    const count = (label: number) => {
      const bins = new Array<number>(256).fill(0);
      for (const [i, score] of scores.entries())
        if (labels[i] === label) bins[Math.min(255, Math.floor(score * 256))]! += 1;
      return bins;
    };
    const { auc, variance } = aucInterval(scores, labels);
    const { trainedOn, seeds } = descriptor;
    const { holdOutCommitment } = manifest;
    const report = { trainedOn, seeds, holdOutCommitment, positive: count(1), negative: count(0) };
    await client.call('completeTask', {
      params: { taskId: task.id },
      body: { ...report, auc, aucVariance: variance },
    });
  }
  return tasks.length;
}

describe('the benchmark at a real registry', () => {
  it('enrols once', async () => {
    const body = { id: 'benchmark', name: 'Benchmark', kind: 'benchmark' } as const;
    const { enrolmentCode } = await admin.call('createSite', { body });
    const args = ['enrol', '--registry', url, '--code', enrolmentCode, '--home', join(folder, 'home')];
    expect(await execute(BENCHMARK, ...args)).toBe('Enrolled as benchmark.');
    await expect(execute(BENCHMARK, ...args)).rejects.toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^synspine-benchmark: ALREADY_ENROLLED/m),
    });
  });

  it('trains on each site, the pool and the pool without each site, and nothing twice', async () => {
    expect(await run()).toBe(
      '3 data sets used, 0 refused; 7 classifiers published; 0 cells in the matrix; 15 answers of sites still open.',
    );
    const started = performance.now();
    expect(await run()).toMatch(/7 classifiers published; 0 cells in the matrix; 15 answers/);
    expect(performance.now() - started).toBeLessThan(30_000);
  }, 400_000); // 21 small trainings, on whatever machine

  it('merges what the sites answer into a matrix that researchers see', async () => {
    const { keys } = await admin.call('siteKeys', { params: { siteId: 'benchmark' } });
    for (const site of sites) expect(await answerTasks(site, keys)).toBe(5);
    expect(await run('--wait', '60')).toMatch(/23 cells in the matrix; 0 answers of sites still open/);
    const { cells } = await admin.call('getResults', {});
    expect(new Set(cells.map((cell) => cell.testedOn))).toEqual(
      new Set(['stratified', 'pooled', 'alder', 'birch', 'cedar']),
    );
    for (const cell of cells) {
      expect(cell.auc).toBeGreaterThan(0.9);
      expect(cell.nPositive).toBe(['stratified', 'pooled'].includes(cell.testedOn) ? 90 : 30);
      expect(cell.seeds).toBe(3);
    }
  });
});
