import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { startTestRegistry, type TestRegistry } from '../test-kit/test-registry.ts';

const TRIES = 130; // more than any address is forgiven within a minute
let registry: TestRegistry;
beforeEach(async () => {
  registry = await startTestRegistry();
});
afterEach(() => registry.close());

const guess = (token: string) =>
  fetch(`${registry.url}/v1/sites`, { headers: { authorization: `Bearer ${token}` } });
const guessCode = (code: string) =>
  fetch(`${registry.url}/v1/enrolments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, authKey: key('C'), signingKey: key('D'), agentVersion: '0.2.0' }),
  });
const key = (letter: string) => ({ kty: 'OKP', crv: 'Ed25519', x: letter.repeat(43) });
async function repeat(times: number, call: (i: number) => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) {
    const response = await call(i);
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  return statuses;
}

describe('an address that sent many wrong credentials', () => {
  it('still reaches the service and everything that a valid credential opens', async () => {
    const site = await registry.enrol('alder');
    const [researcher, invitation] = await Promise.all([
      registry.person('researcher'),
      registry.admin.call('createSite', { body: { id: 'birch', name: 'Birch' } }),
    ]);
    await repeat(TRIES, (i) => guess(`wrong-${i}`));
    await repeat(TRIES, () => guess('wrong again and again'));
    await repeat(TRIES, (i) => guessCode(`a code of twenty letters ${i}`));
    expect((await fetch(`${registry.url}/health`)).status).toBe(200);
    const withWrong = { headers: { authorization: 'Bearer wrong again and again' } };
    expect((await fetch(`${registry.url}/health`, withWrong)).status).toBe(200);
    expect((await researcher.call('listDatasets', { query: {} })).datasets).toEqual([]);
    expect(await site.client.call('latestVersion', {})).toEqual({ version: 0 });
    expect((await registry.admin.call('listSites', {})).sites).toHaveLength(2);
    const fresh = await registry.enrol('cedar'); // a code, an assertion and a token that it had not seen before
    expect(await fresh.client.call('latestVersion', {})).toEqual({ version: 0 });
    expect((await guessCode(invitation.enrolmentCode)).status).not.toBe(429);
  });

  it('is slowed when it guesses on, and told when to ask again', async () => {
    const statuses = await repeat(TRIES, (i) => guess(`wrong-${i}`));
    expect(statuses.slice(0, 100)).toEqual(Array(100).fill(401));
    const limited = await guess('one more');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
  });
});

it('slows a wrong credential by the address that sends it, and at no other', async () => {
  const ask = (remoteAddress: string, token: string) =>
    registry.app.inject({ url: '/v1/sites', remoteAddress, headers: { authorization: `Bearer ${token}` } });
  for (let i = 0; i < TRIES; i++) await ask('192.0.2.1', 'wrong');
  expect((await ask('192.0.2.1', 'wrong')).statusCode).toBe(429);
  expect((await ask('192.0.2.2', 'wrong')).statusCode).toBe(401);
});

it('asks the database nothing about a credential that it has refused a hundred times', async () => {
  await repeat(TRIES, () => guessCode('a code of twenty letters'));
  const { prisma } = registry.deps;
  await prisma.$executeRawUnsafe('ALTER TABLE "enrolment_code" RENAME TO "away"');
  expect((await guessCode('a code of twenty letters')).status).toBe(429);
});

it('does not take a wrong clock or a missing credential for a guess', async () => {
  const nothing = await repeat(TRIES, () => fetch(`${registry.url}/v1/sites`));
  expect(new Set(nothing)).toEqual(new Set([401]));
  const site = await registry.enrol('alder');
  await site.client.call('latestVersion', {});
  registry.shiftClock(120_000); // the site's token lasts, its proofs are late
  for (let i = 0; i < TRIES; i++)
    await expect(site.client.call('latestVersion', {})).rejects.toMatchObject({ code: 'CLOCK_SKEW' });
  registry.shiftClock(-120_000);
  expect(await site.client.call('latestVersion', {})).toEqual({ version: 0 });
});

describe('behind the proxy of docker-compose.yml', () => {
  const compose = readFileSync(new URL('../../../../docker-compose.yml', import.meta.url), 'utf8');

  it('each client has its own address', async () => {
    const setting = /^ +TRUSTED_PROXIES: \$\{TRUSTED_PROXIES:-([^}]+)\}$/m.exec(compose)?.[1];
    const gateway = /gateway: ([\d.]+)/.exec(compose)?.[1] ?? '172.18.0.1';
    const outcome = readConfig({ TRUSTED_PROXIES: setting });
    if (!outcome.ok) throw new Error(outcome.message);
    const { trustedProxies } = outcome.config;
    const behind = await startTestRegistry({ policy: { trustedProxies } });
    const ask = (client: string, remoteAddress = gateway) =>
      behind.app.inject({
        url: '/v1/sites',
        remoteAddress,
        headers: { authorization: 'Bearer wrong', 'x-forwarded-for': client },
      });
    for (let i = 0; i < TRIES; i++) await ask('198.51.100.1');
    expect((await ask('198.51.100.1')).statusCode).toBe(429);
    expect((await ask('198.51.100.2')).statusCode).toBe(401);
    for (let i = 0; i < TRIES; i++) await ask(`203.0.113.${i}`, '192.0.2.7'); // no proxy of ours: its word is nothing
    expect((await ask('203.0.113.250', '192.0.2.7')).statusCode).toBe(429);
    await behind.close();
  });
});

describe('a public route', () => {
  const send = (path: string, body: string | ReadableStream) =>
    fetch(registry.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      ...(typeof body === 'string' ? {} : { duplex: 'half' }),
    } as RequestInit);
  const manyKeys = () => `{${Array.from({ length: 250_000 }, (_, i) => `"k${i.toString(36)}":0`).join(',')}}`;
  const refused = async (response: Response) => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ];

  it.each(['/v1/token', '/v1/enrolments'])('%s takes 64 KiB at most, said or not', async (path) => {
    const large = [413, 'PAYLOAD_TOO_LARGE'];
    expect(await refused(await send(path, manyKeys()))).toEqual(large);
    const exact = (bytes: number) => JSON.stringify({ code: 'x'.repeat(bytes - 11) });
    expect(await refused(await send(path, exact(64 * 1024 + 1)))).toEqual(large);
    expect(await refused(await send(path, exact(64 * 1024)))).toEqual([400, 'VALIDATION_FAILED']);
    expect(await refused(await send(path, new Blob([exact(64 * 1024 + 1)]).stream()))).toEqual(large);
  });

  it('spends a fraction of a second on what it refuses', async () => {
    const start = process.cpuUsage();
    for (let i = 0; i < 10; i++) await (await send('/v1/token', manyKeys())).arrayBuffer();
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6 / 10).toBeLessThan(0.25); // building the text here included
  });
});
