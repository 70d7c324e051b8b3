import { createHash, randomUUID } from 'node:crypto';
import { createClient, type PublicJwk } from '@synspine/protocol';
import { type CryptoKey, importJWK, type JWTPayload, SignJWT } from 'jose';
import { generateKeyPair, keyIdOf, type PrivateJwk, publicJwkOf } from './keys.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** RFC 7523 leaves the lifetime to us; a minute is enough for one request and short for a thief. */
const ASSERTION_SECONDS = 60;
/** A token this close to its end isn't sent any more: the request may take as long. */
const RENEW_BEFORE_MS = 30_000;

export type AuthoriserOptions = {
  baseUrl: string;
  /** The site's id, or the benchmark's. */
  clientId: string;
  /** The audience that enrolment answered; the registry compares it exactly. */
  audience: string;
  /** The key, or what reads it anew for each token, so that a key that was replaced is taken up. */
  authPrivateJwk: PrivateJwk | (() => Promise<PrivateJwk>);
  fetch?: typeof fetch;
  /** Milliseconds since 1970. */
  now?: () => number;
};
export type Authorise = (request: { method: string; url: string }) => Promise<Record<string, string>>;

/**
 * Logs a site or the benchmark in: private_key_jwt (RFC 7523) for a DPoP-bound access token (RFC 9449), kept until it
 * ends. The result fits `createClient({ authorise })`. The DPoP key lives in memory only, so a token that is copied
 * off the wire or the disk is useless. It lives in this package because both apps that sign releases and descriptors
 * log in the same way, with the same kind of key, and private keys are handled in no other package.
 * Throws the registry's problem when a token is refused.
 */
export function createAuthoriser(options: AuthoriserOptions): Authorise {
  const now = options.now ?? Date.now;
  const proofKey = generateKeyPair().then(async ({ privateJwk, publicJwk }) => ({
    key: (await importJWK(privateJwk, 'EdDSA')) as CryptoKey,
    jwk: publicJwk,
  }));
  proofKey.catch(() => undefined); // reported by the first request that awaits it
  let token: Promise<{ value: string; endsAt: number }> | null = null;

  const renew = async () => {
    const proof = await makeProof(await proofKey, { method: 'POST', url: tokenUrl(options.baseUrl) }, now());
    return requestToken(options, proof, now());
  };
  const current = async () => {
    token ??= renew();
    const asked = token;
    const held = await asked;
    if (held.endsAt - now() > RENEW_BEFORE_MS) return held.value;
    if (token === asked) token = renew(); // one of many callers renews, the others wait for it
    return (await token).value;
  };

  return async (request) => {
    const value = await current().catch((error: unknown) => {
      token = null;
      throw error;
    });
    const DPoP = await makeProof(await proofKey, request, now(), value);
    return { Authorization: `DPoP ${value}`, DPoP };
  };
}

const tokenUrl = (baseUrl: string) => new URL('/v1/token', baseUrl).href;

async function requestToken(options: AuthoriserOptions, proof: string, nowMs: number) {
  const client = createClient({ baseUrl: options.baseUrl, fetch: options.fetch });
  const client_assertion = await makeAssertion(options, nowMs);
  const answer = await client.call(
    'token',
    { body: { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE, client_assertion } },
    { headers: { DPoP: proof } },
  );
  return { value: answer.access_token, endsAt: nowMs + answer.expires_in * 1_000 };
}

async function makeAssertion(options: AuthoriserOptions, nowMs: number): Promise<string> {
  const { clientId, audience, authPrivateJwk: given } = options;
  const authPrivateJwk = typeof given === 'function' ? await given() : given;
  const seconds = Math.floor(nowMs / 1_000);
  return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: randomUUID() })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: await keyIdOf(publicJwkOf(authPrivateJwk)) })
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_SECONDS)
    .sign(await importJWK(authPrivateJwk, 'EdDSA'));
}

/** RFC 9449 §4.2; `ath` only where the proof accompanies a token. `htu` has no query and no fragment. */
async function makeProof(
  proofKey: { key: CryptoKey; jwk: PublicJwk },
  request: { method: string; url: string },
  nowMs: number,
  token?: string,
): Promise<string> {
  const { origin, pathname } = new URL(request.url);
  const payload: JWTPayload = { htm: request.method, htu: `${origin}${pathname}`, jti: randomUUID() };
  if (token !== undefined) payload.ath = createHash('sha256').update(token).digest('base64url');
  const { kty, crv, x } = proofKey.jwk;
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: { kty, crv, x } })
    .setIssuedAt(Math.floor(nowMs / 1_000))
    .sign(proofKey.key);
}
