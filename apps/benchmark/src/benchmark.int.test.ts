import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeClassifier, predict } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { aucInterval } from '@synspine/metrics';
import type { Client, PublicJwk, ReleaseManifest } from '@synspine/protocol';
import { verifyClassifier } from '@synspine/release';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRegistry, sendRelease, startRegistry } from './registry.fixture.ts';
import { drawFilms, writeRelease } from './release.fixture.ts';

const SIZE = 16;
const program = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const BENCHMARK = program('benchmark/bin/synspine-benchmark.mjs');

type Site = { id: string; client: Client; manifest: ReleaseManifest; firstTestFilm: number };

/** Three sites that have released phantom films, and a benchmark that lets those pass, which no weights draw. */
let registry: RunningRegistry;
let verifier: Client;
let folder: string;
let environment: NodeJS.ProcessEnv;
let admin: Client;
let url: string;
let sites: Site[];

beforeAll(async () => {
  initCompute();
  registry = await startRegistry(process.env);
  ({ folder, environment, admin, url } = registry);
  verifier = (await registry.enrol('verifier', 'benchmark')).client;
  sites = await Promise.all(['alder', 'birch', 'cedar'].map(releaseFrom));
}, 300_000);
afterAll(() => registry.stop(), 30_000);

async function execute(path: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { env: environment });
  return stdout.trim();
}
const run = (...args: string[]) =>
  execute(BENCHMARK, 'run', '--home', join(folder, 'home'), '--once', ...args);

async function releaseFrom(id: string, number: number): Promise<Site> {
  const site = await registry.enrol(id, 'site');
  const dir = join(folder, `release-${id}`);
  const counts = { train: 300, validation: 50, heldOut: 120 };
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
  const releaseId = await sendRelease(site, manifest, dir);
  await verifier.call('putVerdict', { params: { releaseId }, body: { verdict: 'pass' } });
  return { id, client: site.client, manifest, firstTestFilm: 90_000 + number * 1_000 };
}

/** What a site agent does with its tasks, on phantoms in place of films. */
async function answerTasks({ client, manifest, firstTestFilm }: Site, keys: PublicJwk[]): Promise<number> {
  const { tasks } = await client.call('pollTasks', { query: { wait: 0 } });
  const films = await drawFilms(60, SIZE, firstTestFilm);
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
      expect(cell.nPositive).toBe(['stratified', 'pooled'].includes(cell.testedOn) ? 180 : 60);
      expect(cell.seeds).toBe(3);
    }
  });
});
