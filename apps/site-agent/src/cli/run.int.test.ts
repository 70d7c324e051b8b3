import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { initCompute } from '@synspine/compute';
import { writePhantomSite } from '@synspine/dicom';
import { generatorWeights, presets, trainGan } from '@synspine/gan';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLines, writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { listRuns, type RunFolder } from '../runs/run-folder.ts';
import { readResult } from '../stages/stage-result.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import type { ProgressLine } from './follow-progress.ts';

const temporaryFolder = useTemporaryFolders();

const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const FLAGS = ['--preset', 'demo-32', '--loss', 'gan', '--images-shown', '1920', '--synthetic-count', '64'];

let folder: string;
let home: Home;
const started: ChildProcess[] = [];

/** The agent as an operator starts it, in a process group of its own. */
function start(...args: string[]): ChildProcess {
  const env = { ...process.env, LOG_LEVEL: 'silent', SYNSPINE_THREADS: '2' };
  const child = spawn(process.execPath, [BIN, ...args, '--home', home.path], {
    detached: true,
    stdio: 'ignore',
    env,
  });
  started.push(child);
  return child;
}
const ended = (child: ChildProcess) =>
  new Promise<number | null>((done) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', done) : done(child.exitCode),
  );
async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await sleep(100);
  }
}
const firstRun = () => until(async () => (await listRuns(home))[0]);
async function checkpoints(run: RunFolder): Promise<string[]> {
  const names = existsSync(run.folders.checkpoints) ? await readdir(run.folders.checkpoints) : [];
  return names.filter((name) => /^checkpoint-\d+\.safetensors$/.test(name)).sort();
}

/** What a release of demo-32 would hold before its first step. */
async function untrainedWeights(): Promise<Uint8Array> {
  initCompute({ threads: 1 });
  const films = { images: new Uint8Array(2 * 32 * 32), labels: Uint8Array.of(0, 1) };
  const { checkpoint } = await trainGan({
    preset: presets['demo-32'],
    ...films,
    classNames: ['normal', 'abnormal'],
    validation: films,
    ...{ seed: 1, imagesShown: 0, xla: false, checkpointEvery: 8 },
    onProgress: () => {},
    onCheckpoint: () => {},
  });
  return generatorWeights(checkpoint);
}

beforeEach(async () => {
  folder = await temporaryFolder();
  home = await openHome(join(folder, 'home'), { create: true });
  await writePhantomSite(join(folder, 'site'), { site: 'fir', patients: 60, seed: 'run', size: 256 });
  await makeKey(home, 'auth');
  await makeKey(home, 'signing');
  const registryUrl = 'http://127.0.0.1:9'; // the discard port: nothing answers
  const enrolment = {
    siteId: 'fir',
    registryUrl,
    audience: registryUrl,
    enrolledAt: new Date().toISOString(),
  };
  await writeJson(home.files.site, enrolment);
  expect(await ended(start('policy', 'init'))).toBe(0);
  expect(
    await ended(start('ingest', join(folder, 'site/dicom'), '--labels', join(folder, 'site/labels.csv'))),
  ).toBe(0);
});
afterEach(async () => {
  for (const { pid, exitCode, signalCode } of started.splice(0)) {
    if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL');
  }
});

describe('a run', () => {
  it('killed with its whole process group in training goes on from its last checkpoint', async () => {
    const first = start('run', ...FLAGS);
    const run = await firstRun();
    const [saved] = await until(async () => (await checkpoints(run)).length > 0 && (await checkpoints(run)));
    process.kill(-first.pid!, 'SIGKILL');
    await ended(first);
    const images = Number(/\d+/.exec(saved!)![0]);
    const epochBefore = (await readLines<ProgressLine>(run.files.progress)).at(-1)!.epoch;
    const second = start('run');
    await until(() => readResult(run, 'train'));
    const resumed = (await readLines<ProgressLine>(run.files.progress)).filter(
      ({ stage, epoch, values }) => stage === 'train' && epoch > epochBefore && values,
    );
    expect(resumed[0]!.values!.imagesShown).toBeGreaterThan(images);
    expect(await listRuns(home)).toHaveLength(1);
    expect(await ended(start('cancel', run.runId))).toBe(0);
    expect(await ended(second)).toBe(75);
    const log = await readFile(run.files.workerLog, 'utf8');
    expect(log).not.toContain('ZZCANARY');
  }, 600_000);

  it('asked for its plan says it, and starts nothing', async () => {
    expect(await ended(start('run', ...FLAGS, '--dry-run'))).toBe(0);
    expect(await ended(start('run', '--preset', 'paper-256', '--dry-run'))).toBe(78);
    expect(await listRuns(home)).toEqual([]);
  }, 300_000);

  it('started from given weights takes them over, and needs the file no more', async () => {
    const file = join(folder, 'released.safetensors');
    await writeFile(file, await untrainedWeights());
    const short = FLAGS.with(FLAGS.indexOf('1920'), '480');
    expect(await ended(start('run', ...short, '--init-from', join(folder, 'none')))).toBe(64);
    expect(await listRuns(home)).toEqual([]);
    const first = start('run', ...short, '--init-from', file);
    const run = await firstRun();
    expect(run.options.initFrom).toMatch(/^[0-9a-f]{64}$/);
    await until(async () => existsSync(join(run.folders.checkpoints, 'start.safetensors')));
    process.kill(-first.pid!, 'SIGKILL');
    await ended(first);
    await rm(file);
    const second = start('run');
    const trained = await until(() => readResult(run, 'train'));
    expect(trained.output).toMatchObject({ transfer: { generatorShare: 1, discriminatorShare: 0 } });
    expect(await ended(start('cancel', run.runId))).toBe(0);
    expect(await ended(second)).toBe(75);
  }, 600_000);
});
