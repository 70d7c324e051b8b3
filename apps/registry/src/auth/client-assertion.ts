import { isSmallOrder, ProblemError, type PublicJwk, siteId } from '@synspine/protocol';
import { decodeJwt, errors, importJWK, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { CLOCK_SKEW_MAX_S } from './dpop-proof.ts';
import { tokenId, useTokenId } from './used-token-ids.ts';

const LIFETIME_MAX_S = 300;

const claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(), // exactly ours: a list could hold somebody else, who could then replay it here
  iat: z.number(),
  exp: z.number(),
  jti: tokenId,
});

/**
 * Verifies a private_key_jwt (RFC 7523 §3) by the key that the site enrolled with and uses it up. Returns the site's
 * id and that key. Throws TOKEN_INVALID, TOKEN_EXPIRED, CLOCK_SKEW, TOKEN_REPLAYED, SITE_SUSPENDED or SITE_REVOKED.
 */
export async function verifyAssertion(
  deps: Pick<Deps, 'prisma' | 'config' | 'clock'>,
  assertion: string,
): Promise<{ siteId: string; authKey: PublicJwk }> {
  const site = await deps.prisma.site.findUnique({ where: { id: readIssuer(assertion) } });
  if (site?.revokedAt) throw new ProblemError('SITE_REVOKED');
  // A small-order key may have enrolled before such keys were refused.
  if (!site?.authKey || isSmallOrder((site.authKey as PublicJwk).x))
    throw new ProblemError('TOKEN_INVALID', 'no enrolled site has the assertion’s key');
  const now = deps.clock();
  const payload = await verifySignature(assertion, site.authKey as PublicJwk, now);
  checkClaims(payload, site.id, deps.config.publicUrl, now.getTime() / 1000);
  const expiresAt = new Date((payload.exp + 2 * CLOCK_SKEW_MAX_S) * 1000);
  await useTokenId(deps, { kind: 'assertion', owner: site.id, jti: payload.jti, expiresAt });
  if (site.suspendedAt) throw new ProblemError('SITE_SUSPENDED');
  return { siteId: site.id, authKey: site.authKey as PublicJwk };
}

function readIssuer(assertion: string): string {
  try {
    return siteId.parse(decodeJwt(assertion).iss);
  } catch {
    throw new ProblemError('TOKEN_INVALID', 'the assertion is no JWT of a site');
  }
}

async function verifySignature(
  assertion: string,
  key: PublicJwk,
  now: Date,
): Promise<z.infer<typeof claims>> {
  let payload: JWTPayload;
  try {
    const { kty, crv, x } = key;
    const verified = await jwtVerify(assertion, await importJWK({ kty, crv, x }, 'EdDSA'), {
      algorithms: ['EdDSA'],
      currentDate: now,
      clockTolerance: CLOCK_SKEW_MAX_S,
    });
    payload = verified.payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new ProblemError('TOKEN_EXPIRED', 'make a fresh assertion');
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
      throw new ProblemError('CLOCK_SKEW');
    throw new ProblemError('TOKEN_INVALID', 'the assertion’s signature is wrong');
  }
  const parsed = claims.safeParse(payload);
  if (!parsed.success)
    throw new ProblemError('TOKEN_INVALID', `claim ${parsed.error.issues[0]?.path.join('.')}`);
  return parsed.data;
}

function checkClaims(payload: z.infer<typeof claims>, siteId: string, audience: string, nowS: number): void {
  if (payload.iss !== siteId || payload.sub !== siteId)
    throw new ProblemError('TOKEN_INVALID', 'iss and sub must both be the site’s id');
  if (payload.aud !== audience) throw new ProblemError('TOKEN_INVALID', `aud must be ${audience}`);
  if (payload.iat > nowS + CLOCK_SKEW_MAX_S) throw new ProblemError('CLOCK_SKEW');
  if (payload.exp - payload.iat > LIFETIME_MAX_S)
    throw new ProblemError('TOKEN_INVALID', `exp may be at most ${LIFETIME_MAX_S} s after iat`);
}
