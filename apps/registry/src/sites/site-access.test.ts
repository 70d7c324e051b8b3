import { createHash, randomUUID } from 'node:crypto';
import { createClient, type PublicJwk } from '@synspine/protocol';
import { createAuthoriser, generateKeyPair, type PrivateJwk } from '@synspine/release';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FAILURES_MAX } from '../http/limit-failures.ts';
import { startTestRegistry, type TestRegistry, type TestSite } from '../test-kit/test-registry.ts';

let registry: TestRegistry;
let site: TestSite;
let dpopKey: { privateJwk: PrivateJwk; publicJwk: PublicJwk };
beforeAll(async () => {
  registry = await startTestRegistry();
  site = await registry.enrol('alder');
  dpopKey = await generateKeyPair();
});
afterAll(() => registry.close());

type Claims = Record<string, unknown>;
const now = () => Math.floor(registry.deps.clock().getTime() / 1000);
const problemOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

async function sign(claims: Claims, header: object, key: PrivateJwk): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', ...header })
    .sign(await importJWK(key, 'EdDSA'));
}

function makeAssertion(change: Claims = {}, key = site.authKey): Promise<string> {
  const times = { iat: now(), exp: now() + 60 };
  const claims = { iss: 'alder', sub: 'alder', aud: registry.url, jti: randomUUID(), ...times };
  return sign({ ...claims, ...change }, {}, key);
}

function makeProof(change: Claims = {}, header: object = {}): Promise<string> {
  const { kty, crv, x } = dpopKey.publicJwk;
  const claims = { htm: 'POST', htu: `${registry.url}/v1/token`, iat: now(), jti: randomUUID() };
  return sign(
    { ...claims, ...change },
    { typ: 'dpop+jwt', jwk: { kty, crv, x }, ...header },
    dpopKey.privateJwk,
  );
}

function askForToken(assertion: string, proof: string | undefined): Promise<Response> {
  return fetch(`${registry.url}/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(proof === undefined ? {} : { dpop: proof }) },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }),
  });
}

async function getToken(): Promise<string> {
  const response = await askForToken(await makeAssertion(), await makeProof());
  return ((await response.json()) as { access_token: string }).access_token;
}

describe('an assertion for a token', () => {
  beforeEach(() => registry.stopClock());
  it('is taken once, also of fifty at once', async () => {
    const assertion = await makeAssertion();
    const proofs = await Promise.all(Array.from({ length: 50 }, () => makeProof()));
    const answers = await Promise.all(proofs.map((proof) => askForToken(assertion, proof)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    const codes = await Promise.all(answers.filter((answer) => !answer.ok).map(problemOf));
    expect(new Set(codes)).toEqual(new Set(['TOKEN_REPLAYED']));
  });

  it('is known by its jti, not by its bytes', async () => {
    const jti = randomUUID();
    expect((await askForToken(await makeAssertion({ jti }), await makeProof())).status).toBe(200);
    const again = await askForToken(await makeAssertion({ jti, exp: now() + 61 }), await makeProof());
    expect(await problemOf(again)).toBe('TOKEN_REPLAYED');
  });

  it('may last 300 s', async () => {
    const assertion = await makeAssertion({ exp: now() + 300 });
    expect((await askForToken(assertion, await makeProof())).status).toBe(200);
  });

  it.each<[string, () => Claims, string]>([
    ['lasts 301 s', () => ({ iat: now(), exp: now() + 301 }), 'TOKEN_INVALID'],
    ['ended 61 s ago', () => ({ iat: now() - 121, exp: now() - 61 }), 'TOKEN_EXPIRED'],
    ['was made 61 s in the future', () => ({ iat: now() + 61, exp: now() + 100 }), 'CLOCK_SKEW'],
    ['is for another audience', () => ({ aud: 'https://elsewhere.example' }), 'TOKEN_INVALID'],
    [
      'is for us and somebody else',
      () => ({ aud: [registry.url, 'https://elsewhere.example'] }),
      'TOKEN_INVALID',
    ],
    ['names another subject', () => ({ sub: 'birch' }), 'TOKEN_INVALID'],
    ['comes from an unknown site', () => ({ iss: 'birch', sub: 'birch' }), 'TOKEN_INVALID'],
    ['has no jti', () => ({ jti: undefined }), 'TOKEN_INVALID'],
    ['has no end', () => ({ exp: undefined }), 'TOKEN_INVALID'],
  ])('is refused when it %s', async (_, change, code) => {
    const answer = await askForToken(await makeAssertion(change()), await makeProof());
    expect(await problemOf(answer)).toBe(code);
  });

  it('is refused when the signing key made it', async () => {
    const answer = await askForToken(await makeAssertion({}, site.signingKey), await makeProof());
    expect(await problemOf(answer)).toBe('TOKEN_INVALID');
  });
});

describe('a proof of possession', () => {
  beforeEach(() => registry.stopClock());
  it.each([-60, 60])('is taken with a clock %i s off', async (seconds) => {
    const answer = await askForToken(await makeAssertion(), await makeProof({ iat: now() + seconds }));
    expect(answer.status).toBe(200);
  });

  it.each([-61, 61, -86_400 * 400, 86_400 * 400])('tells of a clock %i s off', async (seconds) => {
    const answer = await askForToken(await makeAssertion(), await makeProof({ iat: now() + seconds }));
    expect(await problemOf(answer)).toBe('CLOCK_SKEW');
  });

  it.each<[string, Claims, object]>([
    ['is for another method', { htm: 'GET' }, {}],
    ['is for another path', { htu: 'http://127.0.0.1/v1/other' }, {}],
    ['is for no URL', { htu: 'token' }, {}],
    ['has an ath without a token', { ath: 'x' }, {}],
    ['has no jti', { jti: undefined }, {}],
    ['is of another type', {}, { typ: 'JWT' }],
  ])('is refused when it %s', async (_, claims, header) => {
    const answer = await askForToken(await makeAssertion(), await makeProof(claims, header));
    expect(await problemOf(answer)).toBe('PROOF_INVALID');
  });

  it('is refused when absent, forged or signed by another key than the one in it', async () => {
    const { kty, crv, x } = site.signingPublicKey;
    const foreign = await makeProof({}, { jwk: { kty, crv, x } });
    for (const proof of [undefined, 'a.b.c', foreign])
      expect(await problemOf(await askForToken(await makeAssertion(), proof))).toBe('PROOF_INVALID');
  });

  it('is taken once', async () => {
    const proof = await makeProof();
    expect((await askForToken(await makeAssertion(), proof)).status).toBe(200);
    expect(await problemOf(await askForToken(await makeAssertion(), proof))).toBe('TOKEN_REPLAYED');
  });
});

it('writes nothing down for whoever shows a proof and no credential', async () => {
  const used = () => registry.deps.prisma.usedTokenId.count();
  const before = await used();
  const stranger = await generateKeyPair();
  const assertion = await makeAssertion({}, stranger.privateJwk);
  expect(await problemOf(await askForToken(assertion, await makeProof()))).toBe('TOKEN_INVALID');
  expect(await used()).toBe(before);
});

describe('an access token', () => {
  beforeEach(() => registry.stopClock());
  const path = '/v1/site/latest-version';
  const useToken = (token: string, proof: string, scheme = 'DPoP') =>
    fetch(registry.url + path, { headers: { authorization: `${scheme} ${token}`, dpop: proof } });
  const proofFor = (token: string, change: Claims = {}) => {
    const ath = createHash('sha256').update(token).digest('base64url');
    return makeProof({ htm: 'GET', htu: registry.url + path, ath, ...change });
  };

  it('opens a site’s routes with a fresh proof for each call', async () => {
    const token = await getToken();
    const proof = await proofFor(token);
    expect((await useToken(token, proof)).status).toBe(200);
    expect(await problemOf(await useToken(token, proof))).toBe('TOKEN_REPLAYED');
    expect((await useToken(token, await proofFor(token))).status).toBe(200);
  });

  it('is useless without its key, for another token, or as a bearer token', async () => {
    const token = await getToken();
    const other = await getToken();
    expect(await problemOf(await useToken(token, await proofFor(other)))).toBe('PROOF_INVALID');
    expect(await problemOf(await useToken(token, await proofFor(token, { ath: undefined })))).toBe(
      'PROOF_INVALID',
    );
    expect(await problemOf(await useToken(token, await proofFor(token), 'Bearer'))).toBe('TOKEN_INVALID');
    const own = dpopKey;
    dpopKey = await generateKeyPair();
    expect(await problemOf(await useToken(token, await proofFor(token)))).toBe('PROOF_INVALID');
    dpopKey = own;
  });

  it('ends after ten minutes', async () => {
    const token = await getToken();
    registry.shiftClock(599_999);
    expect((await useToken(token, await proofFor(token))).status).toBe(200);
    registry.shiftClock(1);
    expect(await problemOf(await useToken(token, await proofFor(token)))).toBe('TOKEN_EXPIRED');
    registry.shiftClock(-600_000);
  });

  it('doesn’t open what is for people, and a person’s token doesn’t open what is for sites', async () => {
    await expect(site.client.call('listSites', {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(site.client.call('listDatasets', { query: {} })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(registry.admin.call('latestVersion', {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const researcher = await registry.person('researcher');
    const body = { id: 'cedar', name: 'Cedar' };
    await expect(researcher.call('createSite', { body })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(createClient({ baseUrl: registry.url }).call('listSites', {})).rejects.toMatchObject({
      code: 'TOKEN_MISSING',
    });
  });
});

describe('enrolment', () => {
  beforeEach(() => registry.stopClock());
  const guest = () => createClient({ baseUrl: registry.url });
  let count = 0;
  let id = '';
  beforeEach(() => {
    id = `site-${++count}`;
  });
  const invite = () => registry.admin.call('createSite', { body: { id, name: 'Some hospital' } });
  async function makeKeys() {
    const [auth, signing] = await Promise.all([generateKeyPair(), generateKeyPair()]);
    return { authKey: auth.publicJwk, signingKey: signing.publicJwk, agentVersion: '0.2.0' };
  }
  const enrolWith = (code: string, keys: Awaited<ReturnType<typeof makeKeys>>) =>
    guest().call('enrol', { body: { code, ...keys } });

  it('takes a code once, also of twenty agents at once', async () => {
    const { enrolmentCode } = await invite();
    const agents = await Promise.all(Array.from({ length: 20 }, makeKeys));
    const outcomes = await Promise.allSettled(agents.map((keys) => enrolWith(enrolmentCode, keys)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.every((outcome) => outcome.reason.code === 'ENROLMENT_CODE_INVALID')).toBe(true);
    const winner = agents[outcomes.findIndex((outcome) => outcome.status === 'fulfilled')]!;
    expect(await guest().call('siteKeys', { params: { siteId: id } })).toMatchObject({
      keys: [winner.signingKey],
    });
  });

  it('answers again to the agent that missed the answer', async () => {
    const { enrolmentCode } = await invite();
    const keys = await makeKeys();
    const first = await enrolWith(enrolmentCode, keys);
    expect(await enrolWith(enrolmentCode, keys)).toEqual(first);
    expect(first).toEqual({ siteId: id, audience: registry.url });
  });

  it('takes a code for 24 hours', async () => {
    const day = 86_400_000;
    const { enrolmentCode } = await invite();
    registry.shiftClock(day);
    await expect(enrolWith(enrolmentCode, await makeKeys())).rejects.toMatchObject({
      code: 'ENROLMENT_CODE_INVALID',
    });
    registry.shiftClock(-1);
    await expect(enrolWith(enrolmentCode, await makeKeys())).resolves.toMatchObject({ siteId: id });
    registry.shiftClock(1 - day);
  });

  it('voids the old code of a site that is invited again, and refuses to invite an enrolled one', async () => {
    const old = await invite();
    const fresh = await invite();
    const keys = await makeKeys();
    await expect(enrolWith(old.enrolmentCode, keys)).rejects.toMatchObject({
      code: 'ENROLMENT_CODE_INVALID',
    });
    await enrolWith(fresh.enrolmentCode, keys);
    await expect(invite()).rejects.toMatchObject({ code: 'SITE_EXISTS' });
  });

  it('asks an old agent to upgrade without using up its code', async () => {
    const { enrolmentCode } = await invite();
    const keys = await makeKeys();
    await expect(enrolWith(enrolmentCode, { ...keys, agentVersion: '0.0.9' })).rejects.toMatchObject({
      code: 'UPGRADE_REQUIRED',
      status: 426,
    });
    await enrolWith(enrolmentCode, keys);
  });

  it('refuses one key for both uses and a private key', async () => {
    const { enrolmentCode } = await invite();
    const keys = await makeKeys();
    await expect(enrolWith(enrolmentCode, { ...keys, signingKey: keys.authKey })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    const { privateJwk } = await generateKeyPair();
    await expect(enrolWith(enrolmentCode, { ...keys, signingKey: privateJwk })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });

  it('takes no key that anybody can sign for, and gives no token for one that enrolled before', async () => {
    const identity = Buffer.alloc(32);
    identity[0] = 1;
    const anybodys = { kty: 'OKP', crv: 'Ed25519', x: identity.toString('base64url') } as const;
    const { enrolmentCode } = await invite();
    const keys = await makeKeys();
    for (const weak of [{ authKey: anybodys }, { signingKey: anybodys }])
      await expect(enrolWith(enrolmentCode, { ...keys, ...weak })).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
    await enrolWith(enrolmentCode, keys);
    await registry.deps.prisma.site.update({ where: { id }, data: { authKey: anybodys } });
    const [header, claims] = (await makeAssertion({ iss: id, sub: id })).split('.');
    const nobodys = Buffer.concat([identity, Buffer.alloc(32)]).toString('base64url'); // R the identity, S zero
    const answer = await askForToken(`${header}.${claims}.${nobodys}`, await makeProof());
    expect(await problemOf(answer)).toBe('TOKEN_INVALID');
  });

  it('keeps no code, token or key that opens anything in the database', async () => {
    const { enrolmentCode } = await invite();
    const token = await getToken();
    const { prisma } = registry.deps;
    const rows = JSON.stringify([await prisma.enrolmentCode.findMany(), await prisma.accessToken.findMany()]);
    expect(rows).not.toContain(enrolmentCode);
    expect(rows).not.toContain(token);
  });
});

describe('a site’s status', () => {
  const status = { agentVersion: '0.2.0', stage: 'train', progress: 0.5, lastRun: null } as const;

  it('is shown to admins', async () => {
    await site.client.call('reportStatus', { body: status });
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find((one) => one.id === 'alder')).toMatchObject({ status, latest: null });
  });

  const lastRun = { runId: 'run-1', finishedAt: new Date(0).toISOString() };

  it('says why nothing was released, so that no films do not read as a rejection', async () => {
    const told = { ...lastRun, decision: 'nothing', code: 'NO_FILMS' } as const;
    await site.client.call('reportStatus', { body: { ...status, lastRun: told } });
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find((one) => one.id === 'alder')?.status?.lastRun).toEqual(told);
  });

  it('says what the site waits for and since when, and nothing of its own words', async () => {
    const waiting = { code: 'DISK_FULL', since: new Date(0).toISOString() } as const;
    await site.client.call('reportStatus', { body: { ...status, waiting } });
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find((one) => one.id === 'alder')?.status?.waiting).toEqual(waiting);
    const told = { ...waiting, code: 'ZZCANARY' } as never;
    await expect(
      site.client.call('reportStatus', { body: { ...status, waiting: told } }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('of an agent that tells no reason is taken as before', async () => {
    const told = { ...lastRun, decision: 'reject' } as const;
    await site.client.call('reportStatus', { body: { ...status, lastRun: told } });
    const { sites } = await registry.admin.call('listSites', {});
    expect(sites.find((one) => one.id === 'alder')?.status?.lastRun).toEqual(told);
  });

  it('may give no reason of its own', async () => {
    const told = { ...lastRun, decision: 'failed', code: 'ZZCANARY' } as never;
    await expect(
      site.client.call('reportStatus', { body: { ...status, lastRun: told } }),
    ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('of an old agent is refused', async () => {
    await expect(
      site.client.call('reportStatus', { body: { ...status, agentVersion: '0.0.9' } }),
    ).rejects.toMatchObject({ code: 'UPGRADE_REQUIRED' });
  });
});

it('logs a site in through the same authoriser that agents use', async () => {
  const authorise = createAuthoriser({
    baseUrl: registry.url,
    clientId: 'alder',
    audience: registry.url,
    authPrivateJwk: site.authKey,
  });
  const client = createClient({ baseUrl: registry.url, authorise });
  const answers = await Promise.all(Array.from({ length: 5 }, () => client.call('latestVersion', {})));
  expect(answers).toEqual(Array.from({ length: 5 }, () => ({ version: 0 })));
});

it('slows an address down that was refused a hundred times in a minute, and forgives it after that', async () => {
  const fresh = await startTestRegistry();
  const guess = () => fetch(`${fresh.url}/v1/sites`, { headers: { authorization: 'Bearer wrong' } });
  for (let i = 0; i < FAILURES_MAX; i++) expect((await guess()).status).toBe(401);
  const limited = await guess();
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
  fresh.shiftClock(60_000);
  expect((await guess()).status).toBe(401);
  await fresh.close();
});

it('forgives after a minute at most when the clock is set back', async () => {
  const fresh = await startTestRegistry();
  const guess = () => fetch(`${fresh.url}/v1/sites`, { headers: { authorization: 'Bearer wrong' } });
  for (let i = 0; i < FAILURES_MAX; i++) await guess();
  fresh.shiftClock(-86_400_000);
  await guess(); // may still be refused, and begins a minute of the new time
  fresh.shiftClock(60_000);
  expect((await guess()).status).toBe(401);
  await fresh.close();
});
