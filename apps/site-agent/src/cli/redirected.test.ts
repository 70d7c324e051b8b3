import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Redirects, startRedirects } from '@synspine/protocol/redirects.fixture';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeJson } from '../durable-file.ts';
import { openHome } from '../home.ts';
import { makeKey } from '../keys.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { useTemporaryFolders } from '../test-kit/temporary-folders.ts';

const AGENT = fileURLToPath(new URL('../../bin/synspine-site.mjs', import.meta.url));
const CODE = 'synspine_enrol_ZZCANARY_ZZCANARY';
const temporaryFolder = useTemporaryFolders();
let redirects: Redirects;
let folder: string;
beforeEach(async () => {
  redirects = await startRedirects(307);
  folder = join(await temporaryFolder(), 'home');
});
afterEach(() => redirects.close());

async function agent(...args: string[]): Promise<{ exit: number | null; text: string }> {
  const child = spawn(process.execPath, [AGENT, ...args, '--home', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const exit = await new Promise<number | null>((done) => child.once('close', done));
  return { exit, text };
}

async function enrolledHome() {
  const home = await openHome(folder, { create: true });
  for (const name of ['auth', 'signing'] as const) await makeKey(home, name);
  const enrolment = {
    siteId: 'alder',
    registryUrl: redirects.url,
    audience: redirects.url,
    enrolledAt: new Date(0),
  };
  await writeJson(home.files.site, enrolment);
  return home;
}

describe('an agent whose registry sends it elsewhere', () => {
  it('shows its enrolment code to nobody, and says what to do', async () => {
    const { exit, text } = await agent('init', '--registry', redirects.url, '--code', CODE);
    expect(text).toMatch(/^synspine-site: REGISTRY_REDIRECTED: [^\n]+admin[^\n]+\n$/);
    expect(exit).toBe(78);
    expect(redirects.stolen).toEqual([]);
    expect(existsSync(join(folder, 'site.json'))).toBe(false);
  });

  it('shows neither assertion nor proof', async () => {
    const { client } = await openRegistry(await enrolledHome());
    await expect(client.call('latestVersion', {})).rejects.toMatchObject({ code: 'REGISTRY_REDIRECTED' });
    expect(redirects.stolen).toEqual([]);
  });

  it('is told so by doctor', async () => {
    await enrolledHome();
    expect((await agent('doctor')).text).toContain('REGISTRY_REDIRECTED');
    expect(redirects.stolen).toEqual([]);
  });
});

it('makes no home for a registry without TLS, and says why', async () => {
  const { exit, text } = await agent('init', '--registry', 'http://registry.example.org', '--code', CODE);
  expect([exit, text]).toEqual([
    78,
    expect.stringMatching(/^synspine-site: REGISTRY_INSECURE: [^\n]+https:/),
  ]);
  expect(existsSync(folder)).toBe(false);
});
