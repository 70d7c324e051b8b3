import { ProblemError, type PublicJwk } from '@synspine/protocol';
import { type KeyChange, type SignedKeyChange, verifyKeyChange } from '@synspine/release';
import { decodeProtectedHeader } from 'jose';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { lockSite } from './enrolment.ts';
import { beginSigningKey, markCompromised } from './signing-keys.ts';
import { withdrawUnseen } from './standing.ts';

type Site = Awaited<ReturnType<typeof lockSite>>;

/**
 * Replaces both keys of a site by those of its statement, which its present signing key vouches for and both new ones have
 * signed. The same statement again is answered alike, since the first answer may be lost. Tokens of the old key end within
 * their ten minutes; with `compromised` at once, and then the old key vouches only for what is published by now.
 * Throws SIGNATURE_INVALID, SITE_MISMATCH, VALIDATION_FAILED, SITE_SUSPENDED or SITE_REVOKED.
 */
export async function rotateKeys(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  siteId: string,
  { compromised, ...sent }: SignedKeyChange & { compromised: boolean },
): Promise<void> {
  await inTransaction(prisma, async (tx) => {
    const site = await lockSite(tx, siteId);
    requireStanding(site); // which may have changed since the caller was let in
    const known = await tx.signingKey.findMany({ where: { siteId } });
    const change = await verifyKeyChange(
      sent,
      known.map(({ key }) => key as PublicJwk),
    );
    if (change.siteId !== siteId) throw new ProblemError('SITE_MISMATCH');
    const now = clock();
    const event = { at: now, actor: siteId, subject: siteId };
    if (!isDone(site, change)) {
      await requireNewKeys(site, change, sent);
      await replaceKeys(tx, site, { change, endorsement: compromised ? undefined : sent.byOldKey, now });
      await appendAudit(tx, { ...event, action: 'site.rotate-keys' });
    }
    if (compromised && (await reportOldKey(tx, siteId, sent.byOldKey, now)))
      await appendAudit(tx, { ...event, action: 'site.key-compromised' });
  });
}

function requireStanding({ signingKey, suspendedAt }: Site): void {
  if (!signingKey) throw new ProblemError('SITE_REVOKED');
  if (suspendedAt) throw new ProblemError('SITE_SUSPENDED');
}

const isKey = (stored: unknown, key: PublicJwk) => (stored as PublicJwk | null)?.x === key.x;

function isDone({ authKey, signingKey }: Site, change: KeyChange): boolean {
  return isKey(authKey, change.authKey) && isKey(signingKey, change.signingKey);
}

/** An ended key can't name another one, and both must change. */
async function requireNewKeys(site: Site, change: KeyChange, sent: SignedKeyChange): Promise<void> {
  await verifyKeyChange(sent, [site.signingKey as PublicJwk]);
  const refuse = (why: string) => new ProblemError('VALIDATION_FAILED', `body: ${why}`);
  if (change.authKey.x === change.signingKey.x) throw refuse('signingKey must differ from authKey');
  if (isKey(site.authKey, change.authKey) || isKey(site.signingKey, change.authKey))
    throw refuse('authKey is one of the present keys');
  if (isKey(site.authKey, change.signingKey)) throw refuse('signingKey is one of the present keys');
}

async function replaceKeys(
  tx: Queries,
  { id: siteId }: Site,
  { change, endorsement, now }: { change: KeyChange; endorsement: string | undefined; now: Date },
): Promise<void> {
  const { authKey, signingKey } = change;
  await beginSigningKey(tx, { siteId, key: signingKey, endorsement, now });
  await tx.site.update({ where: { id: siteId }, data: { authKey, signingKey } });
}

/** Tells whether the ended key that made this statement wasn't reported yet. */
async function reportOldKey(tx: Queries, siteId: string, statement: string, now: Date): Promise<boolean> {
  const { kid } = decodeProtectedHeader(statement);
  const ended = await tx.signingKey.findFirst({ where: { siteId, kid: kid ?? '', until: { not: null } } });
  if (!ended || !(await markCompromised(tx, { siteId, kid: ended.kid, now }))) return false;
  await tx.accessToken.deleteMany({ where: { siteId } });
  await withdrawUnseen(tx, { id: siteId, actor: siteId, now });
  return true;
}
