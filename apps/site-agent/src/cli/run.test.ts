import { spawn } from 'node:child_process';
import { copyFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const POLICY = fileURLToPath(new URL('../../../../scripts/demo/policy.json', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));

it.each([
  [['--synthetic-count', '1'], '--synthetic-count: '],
  [['--synthetic-count', '100001', '--dry-run'], '--synthetic-count: '],
  [['--images-shown', '0'], '--images-shown: '],
  [['--judge-weight', '0'], '--judge-weight: '],
  [['--loss', 'gan', '--judge-weight', '.1'], '--judge-weight: '],
])('run %j says which option is not possible, and starts nothing', async (flags, named) => {
  const home = await openHome(await temporaryFolder(), { create: true });
  await writeJson(home.files.site, { siteId: 'site-a', registryUrl: 'http://127.0.0.1:9' });
  const args = [BIN, 'run', '--home', home.path, '--reference-policy', ...flags];
  const child = spawn(process.execPath, args);
  let text = '';
  child.stderr.on('data', (data) => (text += data));
  expect(await new Promise((done) => child.once('close', done))).toBe(64);
  expect(text).toContain('OPTION_INVALID');
  expect(text).toContain(named);
  expect(await readdir(home.folders.runs)).toEqual([]);
});

it('run --dry-run says of each option who said so, and starts nothing', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  await writeJson(home.files.site, { siteId: 'site-a', registryUrl: 'http://127.0.0.1:9' });
  await copyFile(POLICY, home.files.policy);
  await writeJson(home.files.training, { schema: 'synspine.training/1', psi: 0.7, loss: 'spinegan' });
  const args = [BIN, 'run', '--home', home.path, '--dry-run', '--loss', 'gan'];
  const child = spawn(process.execPath, args);
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  expect(await new Promise((done) => child.once('close', done))).toBe(12); // there are no films
  expect(text).toMatch(/^ {2}psi +0.7 \(training.json\)$/m);
  expect(text).toMatch(/^ {2}loss +gan \(flag\)$/m);
  expect(text).toMatch(/^ {2}preset +small-32 \(fits this machine and these films\)$/m);
  expect(await readdir(home.folders.runs)).toEqual([]);
}, 60_000);
