import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Redirects, startRedirects } from '@synspine/protocol/redirects.fixture';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeFailure } from './describe-failure.ts';
import { type Home, openHome, writeJson } from './home.ts';
import { enrol, openSession } from './registry-session.ts';

let folder: string;
let home: Home;
let redirects: Redirects;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synspine-test-session-'));
  home = await openHome(folder);
  redirects = await startRedirects(308);
});
afterEach(async () => {
  await redirects.close();
  await rm(folder, { recursive: true });
});

const code = 'synspine_enrol_ZZCANARY_ZZCANARY';

it('shows its code to no other address than the registry’s, and ends as a wrong setting', async () => {
  const error = await enrol(home, redirects.url, code).catch((thrown: unknown) => thrown);
  expect(describeFailure(error)).toEqual({
    exitCode: 78,
    text: expect.stringMatching(/^REGISTRY_REDIRECTED: /),
  });
  expect(redirects.stolen).toEqual([]);
  expect(existsSync(home.enrolment)).toBe(false);
});

it('enrols at no registry without TLS', async () => {
  const error = await enrol(home, 'http://10.0.0.7', code).catch((thrown: unknown) => thrown);
  expect(describeFailure(error).text).toMatch(/^REGISTRY_INSECURE: /);
  expect(existsSync(home.keys) && existsSync(join(home.keys, 'auth.json'))).toBe(false);
});

it('shows neither assertion nor proof to another address', async () => {
  await enrol(home, redirects.url, code).catch(() => undefined); // which makes the keys
  const enrolment = { clientId: 'benchmark', registryUrl: redirects.url, audience: redirects.url };
  await writeJson(home.enrolment, enrolment);
  const { client } = await openSession(home);
  await expect(client.call('listWaiting', {})).rejects.toMatchObject({ code: 'REGISTRY_REDIRECTED' });
  expect(redirects.stolen).toEqual([]);
});
