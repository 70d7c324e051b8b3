import { type PublicJwk, publicJwk } from '@synspine/protocol';
import { calculateJwkThumbprint, exportJWK, generateKeyPair as generate } from 'jose';

/** An Ed25519 key pair as JSON Web Key (RFC 8037). It is made where it is used and never leaves that machine. */
export type PrivateJwk = PublicJwk & { d: string };

/** Makes an Ed25519 key pair; `kid` is the key's RFC 7638 thumbprint, so it says nothing else. */
export async function generateKeyPair(): Promise<{ privateJwk: PrivateJwk; publicJwk: PublicJwk }> {
  const { privateKey } = await generate('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x, d } = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: x! });
  const privateJwk: PrivateJwk = { kty: 'OKP', crv: 'Ed25519', x: x!, d: d!, kid };
  return { privateJwk, publicJwk: publicJwkOf(privateJwk) };
}

/** The half that may be sent: built from the allow-listed members, so `d` can't come along. */
export function publicJwkOf(key: PrivateJwk): PublicJwk {
  const { kty, crv, x, kid } = key;
  return publicJwk.parse(kid === undefined ? { kty, crv, x } : { kty, crv, x, kid });
}

/** The `kid` that a signature by this key carries: its own, else its thumbprint. */
export async function keyIdOf(key: PublicJwk): Promise<string> {
  return key.kid ?? (await calculateJwkThumbprint({ kty: key.kty, crv: key.crv, x: key.x }));
}
