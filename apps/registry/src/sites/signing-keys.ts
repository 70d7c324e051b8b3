import { type KeyPeriod, ProblemError, type PublicJwk } from '@synspine/protocol';
import { keyIdOf } from '@synspine/release';
import type { Queries } from '../database/open-database.ts';
import type { SigningKey } from '../generated/client.ts';

/**
 * Ends the site's present signing key, if any, and begins another. One that the site has had before is refused, since its
 * history would no longer say what it vouches for. Throws VALIDATION_FAILED.
 */
export async function beginSigningKey(
  tx: Queries,
  { siteId, key, endorsement, now }: { siteId: string; key: PublicJwk; endorsement?: string; now: Date },
): Promise<void> {
  const known = await tx.signingKey.findMany({ where: { siteId } });
  const kid = await keyIdOf(key);
  if (known.some((one) => one.kid === kid || (one.key as PublicJwk).x === key.x))
    throw new ProblemError('VALIDATION_FAILED', 'body.signingKey: the site has had it before');
  await endSigningKey(tx, siteId, now);
  await tx.signingKey.create({ data: { siteId, kid, key, from: now, endorsement: endorsement ?? null } });
}

/** Ends the site's present signing key; what was released under it still verifies. */
export async function endSigningKey(tx: Queries, siteId: string, now: Date): Promise<void> {
  await tx.signingKey.updateMany({ where: { siteId, until: null }, data: { until: now } });
}

/** Marks a signing key as compromised: `kid`, else the one that the site had last. Tells whether it wasn't yet. */
export async function markCompromised(
  tx: Queries,
  { siteId, kid, now }: { siteId: string; kid?: string; now: Date },
): Promise<boolean> {
  const known = { siteId, ...(kid !== undefined && { kid }) };
  const last = await tx.signingKey.findFirst({ where: known, orderBy: { from: 'desc' } });
  if (!last) return false;
  const where = { siteId, kid: last.kid, compromisedAt: null };
  const { count } = await tx.signingKey.updateMany({
    where,
    data: { until: last.until ?? now, compromisedAt: now },
  });
  return count === 1;
}

/** All signing keys of a site with their times. Throws NOT_FOUND for an unknown site. */
export async function presentSiteKeys(
  db: Queries,
  siteId: string,
): Promise<{ keys: PublicJwk[]; history: KeyPeriod[] }> {
  const site = await db.site.findUnique({
    where: { id: siteId },
    include: { signingKeys: { orderBy: [{ from: 'desc' }, { kid: 'asc' }] } },
  });
  if (!site) throw new ProblemError('NOT_FOUND');
  const trusted = site.signingKeys.filter(({ compromisedAt }) => !compromisedAt);
  return {
    keys: trusted.map(({ key }) => key as PublicJwk),
    history: await Promise.all(site.signingKeys.map((row) => presentPeriod(db, row))),
  };
}

async function presentPeriod(db: Queries, row: SigningKey): Promise<KeyPeriod> {
  const { compromisedAt } = row;
  return {
    key: row.key as PublicJwk,
    from: row.from.toISOString(),
    until: row.until?.toISOString() ?? null,
    compromisedAt: compromisedAt?.toISOString() ?? null,
    endorsement: row.endorsement,
    ...(compromisedAt && { onlyManifests: await findPublished(db, row, compromisedAt) }),
  };
}

/** Manifests that a key signed and that were published before a moment. */
async function findPublished(db: Queries, { siteId, kid }: SigningKey, before: Date): Promise<string[]> {
  // The header alone: a manifest may have a megabyte.
  const rows = await db.$queryRaw<{ header: string; sha256: string }[]>`
    SELECT split_part("manifest", '.', 1) AS "header", "manifest_sha256" AS "sha256" FROM "release"
    WHERE "site_id" = ${siteId} AND "published_at" < ${before} ORDER BY "published_at"`;
  return rows.filter(({ header }) => readKid(header) === kid).map(({ sha256 }) => sha256);
}

/** The `kid` of a JWS that was verified when it came, by the header's base64url. */
function readKid(header: string): string {
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

/** Releases of a compromised key that nobody has seen yet; none of them may be published. */
export async function findUnseen(tx: Queries, siteId: string): Promise<{ id: string }[]> {
  const compromised = await tx.signingKey.findMany({ where: { siteId, compromisedAt: { not: null } } });
  const kids = new Set(compromised.map(({ kid }) => kid));
  const waiting = await tx.release.findMany({ where: { siteId, status: 'verifying' } });
  return waiting.filter(({ manifest }) => kids.has(readKid(manifest.split('.')[0]!)));
}

/** Throws SIGNATURE_INVALID when the key that signed this stored manifest is compromised by now. */
export async function requireTrustedKey(tx: Queries, siteId: string, manifest: string): Promise<void> {
  const where = { siteId_kid: { siteId, kid: readKid(manifest.split('.')[0]!) } };
  const key = await tx.signingKey.findUnique({ where });
  if (!key || key.compromisedAt) throw new ProblemError('SIGNATURE_INVALID', 'the key is compromised');
}
