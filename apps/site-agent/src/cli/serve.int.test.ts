import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writePhantomSite } from '@synspine/dicom';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { listRuns } from '../runs/run-folder.ts';
import { readState } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const POLICY = fileURLToPath(new URL('../../../../scripts/demo/policy.json', import.meta.url));

let folder: string;
let home: Home;
let printed: string;
const started: ChildProcess[] = [];

/** The agent as an operator starts it, without a GPU and with frequent looks at its schedule. */
function start(...args: string[]): ChildProcess {
  const settings = {
    SYNSPINE_SCHEDULE_SECONDS: '3',
    SYNSPINE_RECONCILE_SECONDS: '.2',
    SYNSPINE_THREADS: '1',
  };
  const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', ...settings };
  const child = spawn(process.execPath, [BIN, ...args, '--home', home.path], { env, detached: true });
  child.stderr!.on('data', (chunk) => (printed += chunk));
  child.stdout!.resume();
  started.push(child);
  return child;
}
async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(200);
}
async function ingest(name: string, patients: number): Promise<void> {
  await writePhantomSite(join(folder, name), { site: name, patients, seed: name, size: 256 });
  const labels = join(folder, name, 'labels.csv');
  expect(await exitCodeOf(start('ingest', join(folder, name, 'dicom'), '--labels', labels))).toBe(0);
}
const statuses = async () =>
  Promise.all((await listRuns(home)).map(async (run) => (await readState(run)).status));

beforeEach(async () => {
  printed = '';
  folder = await temporaryFolder();
  home = await openHome(join(folder, 'home'), { create: true });
  await makeKey(home, 'auth');
  await makeKey(home, 'signing');
  await copyFile(POLICY, home.files.policy);
  const registryUrl = 'http://127.0.0.1:9'; // the discard port: nothing answers
  await writeJson(home.files.site, { siteId: 'fir', registryUrl, audience: registryUrl });
});
afterEach(async () => {
  for (const { pid, exitCode, signalCode } of started.splice(0)) {
    if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL');
  }
});

it('films that arrive while it serves start a run as training.json says, and a failed one is not repeated without new films', async () => {
  await writeJson(home.files.training, {
    schema: 'synspine.training/1',
    ...{ preset: 'small-32', loss: 'gan', imagesShown: 480, gpu: 'required' },
    schedule: { afterNewFilms: 20, everyDaysAtMost: 0 },
  });
  const serving = start('serve');
  await until(async () => printed.includes('"next run waits"'));
  expect(await listRuns(home)).toEqual([]);
  await ingest('first', 60);
  await until(async () => (await statuses()).join() === 'failed'); // no GPU can be used here
  const [run] = await listRuns(home);
  expect(run!.options).toMatchObject({ preset: 'small-32', loss: 'gan', imagesShown: 480, gpu: 'required' });
  expect(run!.notes.origins).toMatchObject({
    preset: 'training.json',
    gpu: 'training.json',
    seed: 'default',
  });
  expect(await summariseRun(run!)).toMatchObject({ code: 'GPU_REQUIRED', outcome: 'configuration' });
  await sleep(7_000); // two looks
  expect(await listRuns(home)).toHaveLength(1);
  await ingest('second', 20);
  await until(async () => (await statuses()).join() === 'failed,failed');
  process.kill(serving.pid!, 'SIGTERM');
  expect(await exitCodeOf(serving)).toBe(0);
}, 600_000);

it('a home without training.json is told what it would train, and it is not the demo’s preset', async () => {
  const serving = start('serve');
  await until(async () => printed.includes('"next run waits"'));
  expect(printed).toMatch(/no training\.json, so runs train what fits this machine \(.*small-32 in float32/);
  expect(printed).not.toContain('demo-32');
  process.kill(serving.pid!, 'SIGTERM');
  expect(await exitCodeOf(serving)).toBe(0);
}, 120_000);

it('does not begin with a training.json that is not valid', async () => {
  await writeJson(home.files.training, { schema: 'synspine.training/1', presets: 'small-32' });
  expect(await exitCodeOf(start('serve'))).toBe(78);
  expect(printed).toContain('presets: there is no such field');
}, 120_000);

it('run obeys training.json, and says on standard error that the card it asks for can not be had', async () => {
  await writeJson(home.files.training, { schema: 'synspine.training/1', preset: 'demo-32', gpu: 'required' });
  await ingest('first', 60);
  expect(await exitCodeOf(start('run'))).toBe(78);
  expect(printed).toMatch(/^synspine-site: GPU_REQUIRED: /m);
}, 300_000);
