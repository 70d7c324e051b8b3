import { ProblemError } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { Prisma } from '../generated/client.ts';
import { leaveTombstone } from '../withdrawals/withdraw-release.ts';
import { lockSite } from './enrolment.ts';
import { endSigningKey, findUnseen, markCompromised } from './signing-keys.ts';

type StandingDeps = Pick<Deps, 'prisma' | 'clock'>;
type Site = Awaited<ReturnType<typeof lockSite>>;

/** Refuses all that a site sends until it is resumed; nothing it has is touched. Throws NOT_FOUND. */
export function suspendSite(deps: StandingDeps, id: string, actor: string): Promise<void> {
  return changeSite(deps, { id, actor, action: 'site.suspend' }, async (tx, site, now) => {
    if (site.suspendedAt) return false;
    await tx.site.update({ where: { id }, data: { suspendedAt: now } });
    return true;
  });
}

/** Lets a suspended site go on with the keys that it has. Throws NOT_FOUND. */
export function resumeSite(deps: StandingDeps, id: string, actor: string): Promise<void> {
  return changeSite(deps, { id, actor, action: 'site.resume' }, async (tx, site) => {
    if (!site.suspendedAt) return false;
    await tx.site.update({ where: { id }, data: { suspendedAt: null } });
    return true;
  });
}

/**
 * Ends a site's tokens, keys and unused codes for good. It may enrol again with new keys when it is invited again; what it
 * published stays, and still verifies. With `compromised` its last signing key vouches only for what is published by now;
 * what waits under it is withdrawn.
 * Throws NOT_FOUND.
 */
export async function revokeSite(
  deps: StandingDeps,
  { id, compromised }: { id: string; compromised: boolean },
  actor: string,
): Promise<void> {
  await changeSite(deps, { id, actor, action: 'site.revoke' }, async (tx, site, now) => {
    await tx.enrolmentCode.deleteMany({ where: { siteId: id } });
    if (site.revokedAt) return false;
    await tx.accessToken.deleteMany({ where: { siteId: id } });
    await endSigningKey(tx, id, now);
    const noKeys = { authKey: Prisma.DbNull, signingKey: Prisma.DbNull, enrolledAt: null };
    await tx.site.update({ where: { id }, data: { ...noKeys, revokedAt: now } });
    return true;
  });
  if (!compromised) return;
  await changeSite(deps, { id, actor, action: 'site.key-compromised' }, async (tx, _, now) => {
    if (!(await markCompromised(tx, { siteId: id, now }))) return false;
    await withdrawUnseen(tx, { id, actor, now });
    return true;
  });
}

/** Nothing that a compromised key signed may become visible any more. */
export async function withdrawUnseen(
  tx: Queries,
  { id, actor, now }: { id: string; actor: string; now: Date },
): Promise<void> {
  const reason = 'KEY_COMPROMISED';
  for (const { id: releaseId } of await findUnseen(tx, id))
    await leaveTombstone(tx, { releaseId, reason, actor, now });
}

/** One change of a site with its audit row, in one transaction; `change` tells whether there was anything to do. */
async function changeSite(
  { prisma, clock }: StandingDeps,
  { id, actor, action }: { id: string; actor: string; action: string },
  change: (tx: Queries, site: Site, now: Date) => Promise<boolean>,
): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    if (!(await tx.site.findUnique({ where: { id } }))) throw new ProblemError('NOT_FOUND');
    if (await change(tx, await lockSite(tx, id), now))
      await appendAudit(tx, { at: now, actor, action, subject: id });
  });
}
