import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testDatabase } from '@synspine/test-services';
import getPort from 'get-port';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { type Home, openHome } from '../home.ts';
import { createLog } from '../log.ts';
import { askReleases } from '../registry/release-progress.ts';
import { readState } from '../runs/run-state.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';
import { type Agent, startAgent } from './agent.ts';
import { makeSignedRun } from './signed-run.fixture.ts';

const run = promisify(execFile);
const temporaryFolder = useTemporaryFolders();
const bin = (app: string, name: string) =>
  fileURLToPath(new URL(`../../../${app}/bin/${name}.mjs`, import.meta.url));
const REGISTRY = bin('registry', 'synspine-registry');
const AGENT = bin('site-agent', 'synspine-site');

let env: NodeJS.ProcessEnv;
let served: ChildProcess | undefined;
let home: Home;
let agent: Agent | undefined;

async function startRegistry(): Promise<void> {
  served = spawn(process.execPath, [REGISTRY, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface(served.stdout!), 'line');
}
async function stopRegistry(): Promise<void> {
  const ended = served && once(served, 'exit');
  served?.kill();
  await ended;
  served = undefined;
}
async function start(QUEUE_URL: string): Promise<void> {
  const config = readConfig({ SYNSPINE_RECONCILE_SECONDS: '0.2', QUEUE_URL });
  agent = await startAgent({ home, config, log: createLog('silent'), isolation: [] });
}
async function stop(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}

/** A registry as its admin starts it, and a site that has enrolled there. */
beforeEach(async () => {
  const folder = await temporaryFolder();
  const PORT = String(await getPort({ host: '127.0.0.1' }));
  const [DATA_DIR, SYNSPINE_HOME] = [join(folder, 'registry'), join(folder, 'home')];
  env = { ...process.env, DATA_DIR, PORT, LOG_LEVEL: 'silent', SYNSPINE_HOME };
  await startRegistry();
  const { stdout: code } = await run(process.execPath, [REGISTRY, 'invite', 'alder', '--name', 'Alder'], {
    env,
  });
  const url = `http://127.0.0.1:${PORT}`;
  await run(process.execPath, [AGENT, 'init', '--registry', url, '--code', code.trim()], { env });
  home = await openHome(SYNSPINE_HOME);
}, 240_000);
afterEach(async () => {
  await stop();
  await stopRegistry();
}, 60_000);

it('an upload whose registry goes away waits over a restart of the agent, and is done within a minute of its return', async () => {
  const { runId, ...signed } = await makeSignedRun(home);
  const queue = await testDatabase();
  await stopRegistry();
  await start(queue);
  const state = () => readState({ runId, ...signed });
  while (!(await state()).waitingSince) await sleep(200);
  const { waitingSince } = await state();
  const { stdout } = await run(process.execPath, [AGENT, 'status'], { env });
  expect(stdout).toContain(
    `running at upload\n  waiting for the registry to answer (REGISTRY_UNREACHABLE) since ${waitingSince}`,
  );
  await stop();
  await start(queue);
  await sleep(15_000); // it has been tried again
  expect(await state()).toMatchObject({ status: 'running', failures: 0, waitingSince });
  await startRegistry();
  const returnedAt = Date.now();
  while ((await state()).status === 'running') await sleep(200);
  expect(Date.now() - returnedAt).toBeLessThan(60_000);
  expect(await state()).toMatchObject({ status: 'finished', code: null, waitingSince: null });
  expect((await askReleases(home))?.releases).toMatchObject([{ version: 1, state: 'verifying' }]);
}, 240_000);
