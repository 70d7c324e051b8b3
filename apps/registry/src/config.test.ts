import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { environment, readConfig } from './config.ts';

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
const entries = Object.fromEntries([...example.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map((m) => [m[1]!, m[2]!]));

it('reads exactly the variables of .env.example', () => {
  expect(Object.keys(entries)).toEqual(Object.keys(environment.shape));
});

it('has the defaults that .env.example shows', () => {
  expect(readConfig(entries)).toEqual(readConfig({}));
});

it('listens on this machine alone unless told otherwise', () => {
  expect(readConfig({})).toMatchObject({ ok: true, config: { host: '127.0.0.1', port: 8080 } });
});

it.each([
  ['PORT', '65536'],
  ['PORT', 'eighty'],
  ['DATABASE_URL', 'mysql://ZZCANARY@host/x'],
  ['OBJECT_STORE_URL', '/var/lib/objects'],
  ['PUBLIC_URL', 'registry.example.org'],
  ['ADMIN_TOKEN_SHA256', 'ZZCANARY'],
  ['TRUSTED_PROXIES', 'proxy.example.org'],
  ['TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TRUSTED_PROXIES', '127.0.0.1,::::'],
  ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
  ['TRUSTED_PROXIES', '0.0.0.0/0'],
  ['OBJECT_STORE_URL', 'file://ZZCANARY/objects'],
  ['OBJECT_STORE_URL', 's3://bucket/ZZCANARY'],
  ['OBJECT_STORE_URL', 's3:///ZZCANARY'],
  ['PUBLIC_URL', 'https://registry.example.org/ZZCANARY'],
  ['PUBLIC_URL', 'https://registry.example.org/?ZZCANARY'],
  ['AGENT_VERSION_MIN', 'newest'],
  ['LOG_LEVEL', 'loud'],
])('refuses %s=%s in one line that names it and keeps its value out', (name, value) => {
  const outcome = readConfig({ [name]: value });
  expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(`^${name}: [^\n]+$`) });
  expect(JSON.stringify(outcome)).not.toContain('ZZCANARY');
});

it('takes proxies as addresses and networks of both kinds', () => {
  expect(readConfig({ TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.1,fd00::/8,::1' })).toMatchObject({ ok: true });
});

it.each(['file:///var/lib/objects', 's3://bucket', 's3://bucket/?region=eu-central-1'])(
  'takes the object store %s',
  (url) => {
    expect(readConfig({ OBJECT_STORE_URL: url })).toMatchObject({ ok: true });
  },
);

it('takes both credentials of an S3 store or, where the machine has a role, neither', () => {
  const store = { OBJECT_STORE_URL: 's3://bucket' };
  expect(readConfig(store)).toMatchObject({ ok: true });
  expect(readConfig({ ...store, S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' })).toMatchObject({
    ok: true,
  });
  expect(readConfig({ ...store, S3_ACCESS_KEY_ID: 'a' })).toMatchObject({ ok: false });
  expect(readConfig({ ...store, S3_SECRET_ACCESS_KEY: 'b' })).toMatchObject({ ok: false });
});

it('takes the slash off the public URL, since it is compared exactly', () => {
  expect(readConfig({ PUBLIC_URL: 'https://registry.example.org/' })).toMatchObject({
    config: { publicUrl: 'https://registry.example.org' },
  });
});

it('takes the dashboard that set-up built, another one, or none', () => {
  const dirOf = (DASHBOARD_DIR: string) => {
    const outcome = readConfig({ DASHBOARD_DIR });
    return outcome.ok ? outcome.config.dashboardDir : outcome.message;
  };
  expect(dirOf('')).toMatch(/apps\/dashboard\/dist$/);
  expect(dirOf('/srv/pages')).toBe('/srv/pages');
  expect(dirOf('none')).toBeUndefined();
});
