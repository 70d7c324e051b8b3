import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { parsePolicy } from '../policy.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const temporaryFolder = useTemporaryFolders();
const BIN = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));

async function start(args: string[], env: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const exitCode = await new Promise<number | null>((done) => child.once('close', done));
  return { exitCode, text };
}

it('policy init writes a policy that holds, accepts nothing, and is never overwritten', async () => {
  const folder = join(await temporaryFolder(), 'home');
  expect((await start(['policy', 'init', '--home', folder])).exitCode).toBe(0);
  const file = join(folder, 'policy.json');
  expect(parsePolicy(await readFile(file, 'utf8')).privacy).toMatchObject({
    accept: [],
    demonstration: false,
  });
  await writeFile(file, 'mine');
  const again = await start(['policy', 'init', '--home', folder]);
  expect(again.exitCode).toBe(78);
  expect(again.text).toContain('POLICY_EXISTS');
  expect(await readFile(file, 'utf8')).toBe('mine');
}, 60_000);

it.each([undefined, 'development', 'test', 'production'])(
  'a run without a policy is refused with NODE_ENV %s, and says how to get one',
  async (NODE_ENV) => {
    const home = await openHome(await temporaryFolder(), { create: true });
    await writeJson(home.files.site, { siteId: 'fir', registryUrl: 'http://127.0.0.1:9' });
    const { exitCode, text } = await start(['run', '--home', home.path], { NODE_ENV });
    expect(exitCode).toBe(78);
    expect(text).toMatch(/POLICY_MISSING.*synspine-site policy init/);
  },
  60_000,
);

it('a run by the reference policy says so aloud', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  await writeJson(home.files.site, { siteId: 'fir', registryUrl: 'http://127.0.0.1:9' });
  const { text } = await start(['run', '--home', home.path, '--reference-policy', '--images-shown', '0']);
  expect(text).toContain('Using the reference policy that ships with the agent');
}, 60_000);

it('doctor warns of what a policy accepts, above all where that has expired, and of a missing one', async () => {
  const home = await openHome(await temporaryFolder(), { create: true });
  await writeJson(home.files.site, { siteId: 'fir', registryUrl: 'http://127.0.0.1:9' });
  const missing = await start(['doctor', '--home', home.path]);
  expect(missing.exitCode).not.toBe(0);
  expect(missing.text).toMatch(/FAIL {2}policy: POLICY_MISSING/);
  await start(['policy', 'init', '--home', home.path]);
  const policy = JSON.parse(await readFile(home.files.policy, 'utf8'));
  const reason = 'pilot of forty patients';
  const accept = [
    { test: 'membershipAuc', reason, expires: '2020-01-31' },
    { test: 'membershipRate', reason, expires: new Date(Date.now() + 864e5).toISOString().slice(0, 10) },
  ];
  const limits = { ...policy.limits, closenessShareMax: 0.75, nearCopyTail: 0.0005, membershipAucMax: 0.55 };
  await writeJson(home.files.policy, { ...policy, accept, limits });
  const { text } = await start(['doctor', '--home', home.path]);
  expect(text.match(/WARNING: policy's .*/g)).toEqual([
    "WARNING: policy's nearCopyTail is 0.0005, weaker than the 0.001 that ships",
    "WARNING: policy's closenessShareMax is 0.75, weaker than the 0.55 that ships",
  ]);
  expect(text).toMatch(/WARNING: policy accepts membershipAuc undecided until 2020-01-31 \(EXPIRED\): pilot/);
  expect(text).toMatch(/WARNING: policy accepts membershipRate undecided until \S+ \(expires in 1 days?\)/);
}, 120_000);

it('doctor names one cause before a home is enrolled, and one where there is no home', async () => {
  const { path } = await openHome(await temporaryFolder(), { create: true });
  for (const [home, cause] of [
    [path, 'NOT_ENROLLED'],
    [join(path, 'none'), 'HOME_MISSING'],
  ] as const) {
    const { text, exitCode } = await start(['doctor', '--home', home]);
    expect(text.match(/^FAIL/gm)).toHaveLength(1);
    expect(text).toMatch(new RegExp(`^1 check failed\\.\nsynspine-site: ${cause}: `, 'm'));
    expect(exitCode).toBe(78);
  }
}, 60_000);
