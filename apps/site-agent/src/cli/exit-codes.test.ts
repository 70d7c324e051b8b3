import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeDurably, writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const POLICY = new URL('../../../../scripts/demo/policy.json', import.meta.url);

async function start(...args: string[]): Promise<{ exitCode: number | null; stderr: string }> {
  const env = { ...process.env, LOG_LEVEL: 'silent' };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr!.on('data', (chunk) => (stderr += chunk));
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { exitCode, stderr };
}

it('a run without films ends with 12 and what to do, not as a failure or a rejection', async () => {
  const folder = await temporaryFolder();
  const home = await openHome(folder, { create: true });
  const registryUrl = 'http://127.0.0.1:9'; // the discard port: nothing answers
  await writeJson(home.files.site, { siteId: 'fir', registryUrl, audience: registryUrl });
  await writeDurably(home.files.policy, await readFile(POLICY));
  const file = join(folder, 'run.json');
  const { exitCode, stderr } = await start('run', '--home', folder, '--preset', 'demo-32', '--json', file);
  expect(exitCode).toBe(12);
  expect(stderr).toMatch(/^synspine-site: NO_FILMS: .*synspine-site ingest/m);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ outcome: 'nothing', code: 'NO_FILMS' });
}, 120_000);

it('a wrong call ends with 64, a folder that is no home with 78', async () => {
  expect((await start('run', '--homes')).exitCode).toBe(64);
  const missing = await start('status', '--home', join(await temporaryFolder(), 'none'));
  expect(missing.exitCode).toBe(78);
  expect(missing.stderr).toContain('HOME_MISSING');
}, 60_000);
