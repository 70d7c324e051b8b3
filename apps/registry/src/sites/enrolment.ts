import { ProblemError, type PublicJwk } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { hashSecret, makeSecret } from '../auth/secrets.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { beginSigningKey } from './signing-keys.ts';

const CODE_HOURS = 24;

export type Invitation = { id: string; enrolmentCode: string; expiresAt: string };
export type Enrolment = { code: string; authKey: PublicJwk; signingKey: PublicJwk; agentVersion: string };

/**
 * Makes a site and its one-time code. Inviting a site again that has not enrolled yet makes a new code and voids the
 * old one. Throws SITE_EXISTS for one that enrolled, also where its keys were revoked.
 */
export async function inviteSite(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  wanted: { id: string; name: string; kind: 'site' | 'benchmark' },
  actor: string,
): Promise<Invitation> {
  const now = clock();
  return inTransaction(prisma, async (tx) => {
    const { id, name, kind } = wanted;
    await tx.site.createMany({ data: { id, name, kind, createdAt: now }, skipDuplicates: true });
    const site = await lockSite(tx, id);
    if (site.enrolledAt || site.revokedAt) throw new ProblemError('SITE_EXISTS');
    await tx.site.update({ where: { id }, data: { name, kind } });
    const invitation = await replaceCode(tx, id, now);
    await appendAudit(tx, { at: now, actor, action: `site.invite-${kind}`, subject: id });
    return invitation;
  });
}

/**
 * Makes a new code for a site that is there already, whatever became of its keys: those it has work until it enrols with
 * new ones. Its releases stay its own. Throws NOT_FOUND.
 */
export async function inviteAgain(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  id: string,
  actor: string,
): Promise<Invitation> {
  const now = clock();
  return inTransaction(prisma, async (tx) => {
    if (!(await tx.site.findUnique({ where: { id } }))) throw new ProblemError('NOT_FOUND');
    await lockSite(tx, id);
    const invitation = await replaceCode(tx, id, now);
    await appendAudit(tx, { at: now, actor, action: 'site.invite-again', subject: id });
    return invitation;
  });
}

async function replaceCode(tx: Queries, siteId: string, now: Date): Promise<Invitation> {
  const code = makeSecret('synspine_enrol');
  const expiresAt = new Date(now.getTime() + CODE_HOURS * 3_600_000);
  await tx.enrolmentCode.deleteMany({ where: { siteId } });
  await tx.enrolmentCode.create({ data: { codeHash: hashSecret(code), siteId, expiresAt } });
  return { id: siteId, enrolmentCode: code, expiresAt: expiresAt.toISOString() };
}

/** Reads a site and keeps its row locked until the transaction ends, so that a site's changes come one by one. */
export async function lockSite(tx: Queries, id: string) {
  await tx.$executeRaw`SELECT 1 FROM "site" WHERE "id" = ${id} FOR NO KEY UPDATE`;
  return tx.site.findUniqueOrThrow({ where: { id } });
}

/**
 * Exchanges a code for a registration of two different keys and returns the site's id. They take the place of those that
 * the site has, whose tokens end. The same code with the same keys is answered alike, since an agent may miss the first
 * answer. Throws ENROLMENT_CODE_INVALID, SITE_SUSPENDED, or VALIDATION_FAILED for a signing key that the site has had.
 */
export async function enrolSite(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  enrolment: Enrolment,
): Promise<string> {
  const { code, authKey, signingKey } = enrolment;
  if (authKey.x === signingKey.x)
    throw new ProblemError('VALIDATION_FAILED', 'body.signingKey: must differ from authKey');
  const codeHash = hashSecret(code);
  return inTransaction(prisma, async (tx) => {
    const known = await tx.enrolmentCode.findUnique({ where: { codeHash } });
    if (!known) throw new ProblemError('ENROLMENT_CODE_INVALID');
    const site = await lockSite(tx, known.siteId);
    const found = await tx.enrolmentCode.findUnique({ where: { codeHash } }); // as it is under the lock
    const now = clock();
    if (!found || found.expiresAt <= now) throw new ProblemError('ENROLMENT_CODE_INVALID');
    if (site.suspendedAt) throw new ProblemError('SITE_SUSPENDED');
    if (!found.usedAt) await registerKeys(tx, site.id, enrolment, now);
    else if (!isSameKey(site.authKey, authKey) || !isSameKey(site.signingKey, signingKey))
      throw new ProblemError('ENROLMENT_CODE_INVALID');
    return site.id;
  });
}

async function registerKeys(
  tx: Queries,
  siteId: string,
  { code, authKey, signingKey, agentVersion }: Enrolment,
  now: Date,
): Promise<void> {
  await tx.enrolmentCode.update({ where: { codeHash: hashSecret(code) }, data: { usedAt: now } });
  await tx.accessToken.deleteMany({ where: { siteId } });
  await beginSigningKey(tx, { siteId, key: signingKey, now });
  const data = { authKey, signingKey, agentVersion, enrolledAt: now, seenAt: now, revokedAt: null };
  await tx.site.update({ where: { id: siteId }, data });
  await appendAudit(tx, { at: now, actor: siteId, action: 'site.enrol', subject: siteId });
}

function isSameKey(stored: unknown, sent: PublicJwk): boolean {
  return (stored as PublicJwk | null)?.x === sent.x;
}
