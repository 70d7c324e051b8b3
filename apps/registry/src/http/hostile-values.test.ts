import { generateKeyPair } from '@synspine/release';
import { CompactSign, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFiles, makeManifest } from '../test-kit/release-kit.ts';
import { startTestRegistry, type TestRegistry, type TestSite } from '../test-kit/test-registry.ts';

// Values that pass as text or as a number, and that no column of PostgreSQL holds.
let registry: TestRegistry;
let alder: TestSite;
beforeAll(async () => {
  registry = await startTestRegistry();
  alder = await registry.enrol('alder');
});
afterAll(() => registry.close());

const base64url = (document: object) => Buffer.from(JSON.stringify(document)).toString('base64url');

async function signed(manifest: object): Promise<string> {
  const { kid = '' } = alder.signingPublicKey;
  return new CompactSign(Buffer.from(JSON.stringify(manifest)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'synspine-release+jws', kid })
    .sign(await importJWK(alder.signingKey, 'EdDSA'));
}

/** Asks for a token with a real proof of the given jti and an assertion of the given issuer. */
async function askToken({ jti = crypto.randomUUID(), iss = 'alder' }: { jti?: string; iss?: unknown }) {
  const { privateJwk, publicJwk } = await generateKeyPair();
  const { kty, crv, x } = publicJwk;
  const dpop = await new SignJWT({ htm: 'POST', htu: `${registry.url}/v1/token`, jti })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: { kty, crv, x } })
    .setIssuedAt()
    .sign(await importJWK(privateJwk, 'EdDSA'));
  const response = await fetch(`${registry.url}/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', dpop },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: [base64url({ alg: 'EdDSA' }), base64url({ iss }), 'AAAA'].join('.'),
    }),
  });
  return ((await response.json()) as { code: string }).code;
}

it.each(['a\0b', 'a\ud800b'])('refuses the text %j in a body', async (text) => {
  const invalid = expect.objectContaining({ code: 'VALIDATION_FAILED' });
  const status = { agentVersion: `0.1.0-${text}`, stage: 'idle', progress: 0, lastRun: null } as const;
  await expect(alder.client.call('reportStatus', { body: status })).rejects.toEqual(invalid);
  const site = { id: 'birch', name: text };
  await expect(registry.admin.call('createSite', { body: site })).rejects.toEqual(invalid);
});

it('refuses a proof and an assertion that name themselves with a NUL, or by no text', async () => {
  expect(await askToken({ jti: 'eight or more\0' })).toBe('PROOF_INVALID');
  for (const iss of ['alder\0', { id: 'alder' }, 7]) expect(await askToken({ iss })).toBe('TOKEN_INVALID');
});

it('refuses numbers beyond an INTEGER', async () => {
  const invalid = expect.objectContaining({ code: 'VALIDATION_FAILED' });
  await expect(registry.admin.call('listAudit', { query: { before: 2 ** 31 } })).rejects.toEqual(invalid);
  const { rows } = await registry.admin.call('listAudit', { query: { before: 2 ** 31 - 1 } });
  expect(rows.length).toBeGreaterThan(0);
});

it.each([
  [2 ** 31, 'MANIFEST_INVALID'],
  [2 ** 31 - 1, 'VERSION_TOO_FAR'],
  [1_001, 'VERSION_TOO_FAR'],
  [1_000, undefined], // so the highest number has locked nobody out
])('answers a release of version %i with %s', async (version, code) => {
  // Signed without the check that an agent's own signing makes.
  const jws = await signed({ ...makeManifest('alder', makeFiles()), version });
  const outcome = alder.client
    .call('createRelease', { headers: { 'idempotency-key': `version ${version}` }, body: { manifest: jws } })
    .then(
      () => undefined,
      (error) => error.code,
    );
  expect(await outcome).toBe(code);
});
