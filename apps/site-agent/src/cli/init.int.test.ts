import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { readTraining } from '../training/settings.ts';

const run = promisify(execFile);
const temporaryFolder = useTemporaryFolders();
const bin = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const REGISTRY = bin('registry/bin/synspine-registry.mjs');
const AGENT = bin('site-agent/bin/synspine-site.mjs');

let env: NodeJS.ProcessEnv;
let served: ChildProcess;
let home: Home;
let url: string;

/** A registry as its admin starts it, and a machine without a GPU. */
beforeEach(async () => {
  const folder = await temporaryFolder();
  const PORT = String(await getPort({ host: '127.0.0.1' }));
  url = `http://127.0.0.1:${PORT}`;
  const own = {
    DATA_DIR: join(folder, 'registry'),
    SYNSPINE_HOME: join(folder, 'home'),
    PORT,
    LOG_LEVEL: 'silent',
  };
  env = { ...process.env, ...own, CUDA_VISIBLE_DEVICES: '', SYNSPINE_THREADS: '2' };
  served = spawn(process.execPath, [REGISTRY, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface(served.stdout!), 'line');
  home = await openHome(own.SYNSPINE_HOME, { create: true });
}, 240_000);
afterEach(async () => {
  served.kill();
  if (served.exitCode === null) await once(served, 'exit');
});

const invite = async () =>
  (await run(process.execPath, [REGISTRY, 'invite', 'alder', '--name', 'Alder'], { env })).stdout.trim();
const init = async (...flags: string[]) =>
  run(process.execPath, [AGENT, 'init', '--registry', url, '--code', await invite(), ...flags], { env });
const doctor = () =>
  run(process.execPath, [AGENT, 'doctor'], { env }).catch((error: { stdout: string }) => error);

it('the command that an invitation tells enrols the site, until the time it tells', async () => {
  const { stdout, stderr } = await run(process.execPath, [REGISTRY, 'invite', 'alder', '--name', 'Alder'], {
    env,
  });
  const [, until, program, words] = /^Until (\S+), there: (\S+) (.+)$/m.exec(stderr)!;
  expect(program).toBe('synspine-site');
  expect(words).toContain(stdout.trim());
  expect(Date.parse(until!)).toBeGreaterThan(Date.now() + 3_600_000);
  const told = words!.replace('DIR', home.path).split(' ');
  expect((await run(process.execPath, [AGENT, ...told], { env })).stdout).toContain('Enrolled as alder');
}, 240_000);

it('init proposes a preset for so many films, says what it would take and writes training.json', async () => {
  const { stdout } = await init('--films', '100');
  expect(stdout).toMatch(
    /^Training: 2 CPU cores, .* no GPU; 100 films: small-32 in float32, about \d+ \w+ to train/m,
  );
  expect(await readTraining(home)).toMatchObject({
    ...{ preset: 'small-32', precision: 'float32', labels: 'binary', gpu: 'auto' },
    schedule: { afterNewFilms: 50, everyDaysAtMost: 7, between: '22:00-06:00' },
  });
  await writeJson(home.files.training, { schema: 'synspine.training/1', preset: 'paper-256', schedul: {} });
  expect((await doctor()).stdout).toMatch(
    /^FAIL {2}training: TRAINING_INVALID: .*schedul: there is no such field/m,
  );
  await writeJson(home.files.training, { schema: 'synspine.training/1', preset: 'paper-256' });
  expect((await doctor()).stdout).toMatch(/^ok {4}training: paper-256.*WARNING: paper-256 takes a GPU/m);
}, 240_000);

it('init without a number of films leaves the preset open, says what some numbers give, and replaces no file', async () => {
  const own = { schema: 'synspine.training/1', preset: 'demo-32' };
  const { stdout } = await init();
  expect(stdout).toMatch(/300 films: /);
  expect(stdout).toMatch(/3000 films: /);
  expect((await readTraining(home))!.preset).toBe('auto');
  await writeJson(home.files.training, own);
  const again = run(process.execPath, [AGENT, 'training', 'propose', '--films', '100', '--write'], { env });
  await expect(again).rejects.toMatchObject({ code: 64, stderr: expect.stringContaining('TRAINING_EXISTS') });
  expect(JSON.parse(await readFile(home.files.training, 'utf8'))).toEqual(own);
}, 240_000);
