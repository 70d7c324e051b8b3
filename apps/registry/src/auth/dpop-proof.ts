import { createHash } from 'node:crypto';
import { isSmallOrder, ProblemError } from '@synspine/protocol';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { tokenId, useTokenId } from './used-token-ids.ts';

export const CLOCK_SKEW_MAX_S = 60;
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256'];

const claims = z.object({
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  jti: tokenId,
  ath: z.string().optional(),
});

/** The request that a proof must fit; `accessToken` is absent at the token endpoint. */
export type ProvedRequest = { method: string; path: string; accessToken?: string };

/** A proof that fits its request: the thumbprint (RFC 7638) of its key, and by what it is known. */
export type VerifiedProof = { thumbprint: string; jti: string; expiresAt: Date };

/**
 * Verifies a DPoP proof (RFC 9449 §4.3), by itself: anybody can make one, so nothing is written until the credential
 * beside it is known, and {@link useProof} uses it up. Throws PROOF_INVALID or CLOCK_SKEW (made over 60 s before or after
 * now).
 */
export async function verifyProof(
  deps: Pick<Deps, 'config' | 'clock'>,
  proof: string | undefined,
  request: ProvedRequest,
): Promise<VerifiedProof> {
  const { payload, jwk } = await readProof(proof);
  const nowS = Math.floor(deps.clock().getTime() / 1000); // as iat, in whole seconds
  if (Math.abs(nowS - payload.iat) > CLOCK_SKEW_MAX_S) throw new ProblemError('CLOCK_SKEW');
  if (payload.htm !== request.method) throw new ProblemError('PROOF_INVALID', 'htm is another method');
  if (!isSameUrl(payload.htu, deps.config.publicUrl + request.path))
    throw new ProblemError('PROOF_INVALID', `htu is another URL than ${deps.config.publicUrl} and the path`);
  const ath = request.accessToken && createHash('sha256').update(request.accessToken).digest('base64url');
  if (payload.ath !== ath) throw new ProblemError('PROOF_INVALID', 'ath is another token’s');
  const thumbprint = await calculateJwkThumbprint(jwk);
  const expiresAt = new Date((payload.iat + 2 * CLOCK_SKEW_MAX_S) * 1000);
  return { thumbprint, jti: payload.jti, expiresAt };
}

/** Uses a proof up. Throws TOKEN_REPLAYED. */
export function useProof(deps: Pick<Deps, 'prisma'>, proof: VerifiedProof): Promise<void> {
  const { thumbprint: owner, jti, expiresAt } = proof;
  return useTokenId(deps, { kind: 'proof', owner, jti, expiresAt });
}

async function readProof(proof: string | undefined): Promise<{ payload: z.infer<typeof claims>; jwk: JWK }> {
  if (!proof) throw new ProblemError('PROOF_INVALID', 'send a DPoP header');
  try {
    // jose checks no time here, as the proof has no exp; its iat is checked above, to tell a wrong clock from a forgery.
    const verified = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ALGORITHMS });
    const jwk = verified.protectedHeader.jwk!;
    if (jwk.kty === 'OKP' && isSmallOrder(jwk.x!)) throw new Error('anybody can sign for this key');
    return { payload: claims.parse(verified.payload), jwk };
  } catch {
    throw new ProblemError('PROOF_INVALID', 'the proof is malformed or its signature is wrong');
  }
}

/** RFC 9449 §4.3: compared without query and fragment, after normalisation (RFC 3986 §6.2.2). */
function isSameUrl(claimed: string, expected: string): boolean {
  if (!URL.canParse(claimed)) return false;
  const [a, b] = [new URL(claimed), new URL(expected)];
  return a.origin === b.origin && a.pathname === b.pathname;
}
