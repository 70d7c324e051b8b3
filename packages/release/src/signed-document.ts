import { createHash } from 'node:crypto';
import { compactJws, ProblemError, type PublicJwk } from '@synspine/protocol';
import { CompactSign, compactVerify, importJWK } from 'jose';
import { z } from 'zod';
import { keyIdOf, type PrivateJwk, publicJwkOf } from './keys.ts';
import { parseStrictJson } from './strict-json.ts';

/** RFC 8037's name of Ed25519; the only algorithm that is ever accepted. */
const ALGORITHM = 'EdDSA';

const DOCUMENT_TYPES = ['synspine-release+jws', 'synspine-classifier+jws', 'synspine-keys+jws'] as const;
/** What a signature is for. A document of one type is never accepted where another is expected. */
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

const protectedHeader = z.strictObject({
  alg: z.literal(ALGORITHM),
  typ: z.enum(DOCUMENT_TYPES),
  kid: z.string(),
});

/** Signs `payload` (UTF-8 JSON) as a compact JWS. Ed25519 is deterministic: same payload and key, same bytes. */
export async function signDocument(payload: unknown, typ: DocumentType, key: PrivateJwk): Promise<string> {
  const kid = await keyIdOf(publicJwkOf(key));
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: ALGORITHM, typ, kid })
    .sign(await importJWK(key, ALGORITHM));
}

/**
 * Verifies a compact JWS against the keys of its supposed signer and returns the payload, parsed from the very bytes
 * that were signed, with their SHA-256. Throws `SIGNATURE_INVALID` or `DUPLICATE_JSON_KEY`.
 */
export async function verifyDocument(
  jws: string,
  typ: DocumentType,
  keys: PublicJwk | readonly PublicJwk[],
): Promise<{ payload: unknown; sha256: string }> {
  if (!compactJws.safeParse(jws).success) throw new ProblemError('SIGNATURE_INVALID', 'not a compact JWS');
  const header = protectedHeader.safeParse(headerOf(jws));
  if (!header.success || header.data.typ !== typ)
    throw new ProblemError(
      'SIGNATURE_INVALID',
      `expected alg ${ALGORITHM}, typ ${typ}, kid and nothing else`,
    );
  const key = await findKey(header.data.kid, [keys].flat());
  const payload = await verifyBytes(jws, key);
  return { payload: parseStrictJson(payload), sha256: createHash('sha256').update(payload).digest('hex') };
}

function headerOf(jws: string): unknown {
  return parseStrictJson(Buffer.from(jws.slice(0, jws.indexOf('.')), 'base64url'));
}

async function findKey(kid: string, keys: readonly PublicJwk[]): Promise<PublicJwk> {
  for (const key of keys) if ((await keyIdOf(key)) === kid) return key;
  throw new ProblemError('SIGNATURE_INVALID', 'signed with a key that this signer has not registered');
}

async function verifyBytes(jws: string, key: PublicJwk): Promise<Uint8Array> {
  try {
    const { kty, crv, x } = key;
    const outcome = await compactVerify(jws, await importJWK({ kty, crv, x }, ALGORITHM), {
      algorithms: [ALGORITHM],
    });
    return outcome.payload;
  } catch {
    throw new ProblemError('SIGNATURE_INVALID');
  }
}
