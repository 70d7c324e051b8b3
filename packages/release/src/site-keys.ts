import { type KeyPeriod, ProblemError, type PublicJwk, publicJwk, siteId } from '@synspine/protocol';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { keyIdOf, type PrivateJwk, publicJwkOf } from './keys.ts';
import { verifyManifest } from './manifest.ts';
import { signDocument, verifyDocument } from './signed-document.ts';

const TYPE = 'synspine-keys+jws';

/** What a registry answers of a site's signing keys. */
export type SiteKeys = { keys: readonly PublicJwk[]; history?: readonly KeyPeriod[] | undefined };

/** A site's statement of its next keys. */
const keyChange = z.strictObject({
  schema: z.literal('synspine.keys/1'),
  siteId,
  authKey: publicJwk,
  signingKey: publicJwk,
});
export type KeyChange = z.infer<typeof keyChange>;
/** The same statement three times as a compact JWS: by the signing key that ends, and by both that begin. */
export type SignedKeyChange = { byOldKey: string; byAuthKey: string; bySigningKey: string };

/**
 * States a site's next keys: the old signing key vouches for them, and they prove that somebody holds them. Ed25519 is
 * deterministic, so the same keys give the same bytes.
 */
export async function signKeyChange(
  site: string,
  next: { authKey: PrivateJwk; signingKey: PrivateJwk },
  oldSigningKey: PrivateJwk,
): Promise<SignedKeyChange> {
  const { authKey, signingKey } = next;
  const [auth, signing] = [publicJwkOf(authKey), publicJwkOf(signingKey)];
  const statement: KeyChange = {
    schema: 'synspine.keys/1',
    siteId: site,
    authKey: auth,
    signingKey: signing,
  };
  return {
    byOldKey: await signDocument(statement, TYPE, oldSigningKey),
    byAuthKey: await signDocument(statement, TYPE, authKey),
    bySigningKey: await signDocument(statement, TYPE, signingKey),
  };
}

/** Verifies the three signatures, the first by one of `oldKeys`. Throws SIGNATURE_INVALID or DUPLICATE_JSON_KEY. */
export async function verifyKeyChange(
  sent: SignedKeyChange,
  oldKeys: readonly PublicJwk[],
): Promise<KeyChange> {
  const { change, sha256 } = await readKeyChange(sent.byOldKey, oldKeys);
  for (const [jws, key] of [
    [sent.byAuthKey, change.authKey],
    [sent.bySigningKey, change.signingKey],
  ] as const)
    if ((await verifyDocument(jws, TYPE, key)).sha256 !== sha256)
      throw new ProblemError('SIGNATURE_INVALID', 'the three statements differ');
  return change;
}

async function readKeyChange(jws: string, keys: readonly PublicJwk[]) {
  const { payload, sha256 } = await verifyDocument(jws, TYPE, keys);
  const parsed = keyChange.safeParse(payload);
  if (!parsed.success) throw new ProblemError('SIGNATURE_INVALID', 'no statement of keys');
  return { change: parsed.data, sha256 };
}

/**
 * Verifies a manifest with all keys that a registry tells of its site: ended ones vouch for what they signed, a compromised
 * one only for the manifests that were published before. Throws as {@link verifyManifest} does.
 */
export async function verifyRegistered(
  jws: string,
  { keys, history = [] }: SiteKeys,
): ReturnType<typeof verifyManifest> {
  const lost = history.filter(({ compromisedAt }) => compromisedAt !== null);
  const outcome = await verifyManifest(jws, [...keys, ...lost.map(({ key }) => key)]);
  const { kid } = decodeProtectedHeader(jws);
  for (const { key, onlyManifests = [] } of lost)
    if ((await keyIdOf(key)) === kid && !onlyManifests.includes(outcome.manifestSha256))
      throw new ProblemError(
        'SIGNATURE_INVALID',
        'the key is compromised, and this was not published before',
      );
  return outcome;
}

/**
 * A registry's answer without the keys that nothing vouches for: neither `pinned`, the keys that a client has taken for the
 * site's before, nor named by one of them that isn't compromised. So a registry that is taken over can end keys, but not
 * bring its own.
 */
export async function trustedKeys(
  site: string,
  pinned: readonly PublicJwk[],
  { keys, history = [] }: SiteKeys,
): Promise<{ keys: PublicJwk[]; history: KeyPeriod[] }> {
  const isCompromised = (key: PublicJwk) =>
    history.some((period) => period.key.x === key.x && period.compromisedAt !== null);
  const trusted = [...pinned];
  const isTrusted = (key: PublicJwk) => trusted.some(({ x }) => x === key.x);
  for (const { key, endorsement } of history.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    if (isTrusted(key) || !endorsement) continue;
    if (
      await names(
        endorsement,
        { site, key },
        trusted.filter((one) => !isCompromised(one)),
      )
    )
      trusted.push(key);
  }
  const current = [...keys.filter(isTrusted), ...pinned.filter(({ x }) => !keys.some((key) => key.x === x))];
  return {
    keys: current.filter((key) => !isCompromised(key)),
    history: history.filter(({ key }) => isTrusted(key)),
  };
}

async function names(
  endorsement: string,
  { site, key }: { site: string; key: PublicJwk },
  by: readonly PublicJwk[],
): Promise<boolean> {
  try {
    const { change } = await readKeyChange(endorsement, by);
    return change.siteId === site && change.signingKey.x === key.x;
  } catch {
    return false; // by a key that nothing vouches for
  }
}
