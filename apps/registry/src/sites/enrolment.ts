import { ProblemError, type PublicJwk } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { hashSecret, makeSecret } from '../auth/secrets.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';

const CODE_HOURS = 24;

export type Invitation = { id: string; enrolmentCode: string; expiresAt: string };
export type Enrolment = { code: string; authKey: PublicJwk; signingKey: PublicJwk; agentVersion: string };

/**
 * Makes a site and its one-time code. Inviting a site again that has not enrolled yet makes a new code and voids the
 * old one. Throws SITE_EXISTS for an enrolled one.
 */
export async function inviteSite(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  wanted: { id: string; name: string; kind: 'site' | 'benchmark' },
  actor: string,
): Promise<Invitation> {
  const now = clock();
  const code = makeSecret('synspine_enrol');
  const expiresAt = new Date(now.getTime() + CODE_HOURS * 3_600_000);
  await inTransaction(prisma, async (tx) => {
    const { id, name, kind } = wanted;
    await tx.site.createMany({ data: { id, name, kind, createdAt: now }, skipDuplicates: true });
    const site = await lockSite(tx, id);
    if (site.enrolledAt) throw new ProblemError('SITE_EXISTS');
    await tx.site.update({ where: { id }, data: { name, kind } });
    await tx.enrolmentCode.deleteMany({ where: { siteId: id } });
    await tx.enrolmentCode.create({ data: { codeHash: hashSecret(code), siteId: id, expiresAt } });
    await appendAudit(tx, { at: now, actor, action: `site.invite-${kind}`, subject: id });
  });
  return { id: wanted.id, enrolmentCode: code, expiresAt: expiresAt.toISOString() };
}

/** Reads a site and keeps its row locked until the transaction ends, so that a site's changes come one by one. */
export async function lockSite(tx: Queries, id: string) {
  await tx.$executeRaw`SELECT 1 FROM "site" WHERE "id" = ${id} FOR NO KEY UPDATE`;
  return tx.site.findUniqueOrThrow({ where: { id } });
}

/**
 * Exchanges a code for a registration of two different keys and returns the site's id. The same code with the same
 * keys is answered alike, since an agent may miss the first answer. Throws ENROLMENT_CODE_INVALID.
 */
export async function enrolSite(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  { code, authKey, signingKey, agentVersion }: Enrolment,
): Promise<string> {
  if (authKey.x === signingKey.x)
    throw new ProblemError('VALIDATION_FAILED', 'body.signingKey: must differ from authKey');
  const now = clock();
  return inTransaction(prisma, async (tx) => {
    const found = await tx.enrolmentCode.findUnique({ where: { codeHash: hashSecret(code) } });
    if (!found || found.expiresAt <= now) throw new ProblemError('ENROLMENT_CODE_INVALID');
    const site = await lockSite(tx, found.siteId);
    if (site.enrolledAt) {
      if (isSameKey(site.authKey, authKey) && isSameKey(site.signingKey, signingKey)) return site.id;
      throw new ProblemError('ENROLMENT_CODE_INVALID');
    }
    const where = { codeHash: found.codeHash, usedAt: null };
    const { count } = await tx.enrolmentCode.updateMany({ where, data: { usedAt: now } });
    if (count !== 1) throw new ProblemError('ENROLMENT_CODE_INVALID');
    const data = { authKey, signingKey, agentVersion, enrolledAt: now, seenAt: now };
    await tx.site.update({ where: { id: site.id }, data });
    await appendAudit(tx, { at: now, actor: site.id, action: 'site.enrol', subject: site.id });
    return site.id;
  });
}

function isSameKey(stored: unknown, sent: PublicJwk): boolean {
  return (stored as PublicJwk | null)?.x === sent.x;
}
