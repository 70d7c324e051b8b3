import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, importJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthoriser } from './authoriser.ts';
import { generateKeyPair, type PrivateJwk, publicJwkOf } from './keys.ts';

/** A token endpoint as RFC 7523 and RFC 9449 describe it, on a real socket. */
let server: Server;
let baseUrl: string;
let key: PrivateJwk;
let tokens: { jti: string; proofKey: string }[];
let answerStatus: number;
let now: number;
const audience = 'https://registry.example';

beforeEach(async () => {
  key = (await generateKeyPair()).privateJwk;
  tokens = [];
  answerStatus = 200;
  now = Date.now();
  server = createServer(async (request, response) => {
    try {
      const issued = await issueToken(request);
      response.writeHead(answerStatus, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          answerStatus === 200 ? issued : { type: 't', title: 't', status: 401, code: 'TOKEN_INVALID' },
        ),
      );
    } catch (error) {
      response.writeHead(400).end(JSON.stringify({ message: String(error) }));
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((done) => server.close(done)));

async function issueToken(request: IncomingMessage) {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { client_assertion } = JSON.parse(text) as { client_assertion: string };
  const { payload } = await jwtVerify(client_assertion, await importJWK(publicJwkOf(key), 'EdDSA'), {
    algorithms: ['EdDSA'],
    audience,
    issuer: 'alder',
    subject: 'alder',
    requiredClaims: ['exp', 'iat', 'jti'],
    maxTokenAge: 300,
    currentDate: new Date(now),
  });
  const proof = await jwtVerify(String(request.headers.dpop), EmbeddedJWK, { typ: 'dpop+jwt' });
  if (proof.payload.htm !== 'POST' || proof.payload.htu !== `${baseUrl}/v1/token`) throw new Error('proof');
  tokens.push({ jti: payload.jti!, proofKey: await calculateJwkThumbprint(proof.protectedHeader.jwk!) });
  return { access_token: `token-${tokens.length}`, token_type: 'DPoP', expires_in: 300 };
}

const options = () => ({ baseUrl, clientId: 'alder', audience, authPrivateJwk: key, now: () => now });

describe('the authoriser', () => {
  it('asks for one token and proves each request with the token’s key', async () => {
    const authorise = createAuthoriser(options());
    const url = `${baseUrl}/v1/site/tasks`;
    const all = await Promise.all([1, 2, 3].map(() => authorise({ method: 'GET', url: `${url}?wait=5` })));
    expect(tokens).toHaveLength(1);
    const seen = new Set<unknown>();
    for (const headers of all) {
      expect(headers.Authorization).toBe('DPoP token-1');
      const { payload, protectedHeader } = await jwtVerify(headers.DPoP!, EmbeddedJWK, { typ: 'dpop+jwt' });
      const ath = createHash('sha256').update('token-1').digest('base64url');
      expect(payload).toMatchObject({ htm: 'GET', htu: url, ath });
      expect(await calculateJwkThumbprint(protectedHeader.jwk!)).toBe(tokens[0]!.proofKey);
      seen.add(payload.jti);
    }
    expect(seen.size).toBe(3);
  });

  it('proves with a key that is not the auth key and has no private member', async () => {
    const { DPoP } = await createAuthoriser(options())({ method: 'GET', url: baseUrl });
    const { jwk } = decodeProtectedHeader(DPoP!);
    expect(Object.keys(jwk!).sort()).toEqual(['crv', 'kty', 'x']);
    expect(jwk!.x).not.toBe(key.x);
  });

  it('renews a token in its last 30 s, once for all callers, and not before', async () => {
    const authorise = createAuthoriser(options());
    const ask = () => authorise({ method: 'GET', url: baseUrl });
    await ask();
    now += 269_000;
    expect((await ask()).Authorization).toBe('DPoP token-1');
    now += 1_000;
    const renewed = await Promise.all([ask(), ask(), ask()]);
    expect(renewed.map((h) => h.Authorization)).toEqual(Array(3).fill('DPoP token-2'));
    expect(new Set(tokens.map((t) => t.jti)).size).toBe(2);
  });

  it('reads the auth key anew for each token, so that a replaced one is taken up', async () => {
    const authorise = createAuthoriser({ ...options(), authPrivateJwk: async () => key });
    await authorise({ method: 'GET', url: baseUrl });
    key = (await generateKeyPair()).privateJwk;
    now += 300_000;
    expect((await authorise({ method: 'GET', url: baseUrl })).Authorization).toBe('DPoP token-2');
  });

  it('passes the registry’s problem on, and asks again the next time', async () => {
    const authorise = createAuthoriser(options());
    answerStatus = 401;
    await expect(authorise({ method: 'GET', url: baseUrl })).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    answerStatus = 200;
    expect((await authorise({ method: 'GET', url: baseUrl })).Authorization).toBe('DPoP token-2');
  });
});
