import { ProblemError, type Withdrawal, type WithdrawalReason } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import { lockSite } from '../sites/enrolment.ts';
import { presentWithdrawal } from './tombstones.ts';

/**
 * Withdraws a release for good: it is listed and served no more, and a tombstone with the reason is left. Its version stays
 * taken. The same reason again is harmless. Throws NOT_FOUND (also for one that isn't whole, or in quarantine), or
 * RELEASE_WITHDRAWN where it was withdrawn for another reason.
 */
export async function withdrawRelease(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  { releaseId, reason }: { releaseId: string; reason: WithdrawalReason },
  actor: string,
): Promise<Withdrawal> {
  const found = await prisma.release.findUnique({ where: { id: releaseId } });
  if (!found) throw new ProblemError('NOT_FOUND');
  return inTransaction(prisma, async (tx) => {
    await lockSite(tx, found.siteId); // a verdict that is being written comes first
    const release = await tx.release.findUniqueOrThrow({ where: { id: releaseId } });
    if (release.status === 'withdrawn') return repeatWithdrawal(presentWithdrawal(release), reason);
    if (release.status !== 'published' && release.status !== 'verifying') throw new ProblemError('NOT_FOUND');
    return leaveTombstone(tx, { releaseId, reason, actor, now: clock() });
  });
}

function repeatWithdrawal(withdrawal: Withdrawal, reason: WithdrawalReason): Withdrawal {
  if (withdrawal.reason !== reason) throw new ProblemError('RELEASE_WITHDRAWN', undefined, { withdrawal });
  return withdrawal;
}

/** In the caller's transaction, which holds the site's lock, with the audit row that says so. */
export async function leaveTombstone(
  tx: Queries,
  {
    releaseId,
    reason,
    actor,
    now,
  }: { releaseId: string; reason: WithdrawalReason; actor: string; now: Date },
): Promise<Withdrawal> {
  const data = { status: 'withdrawn', withdrawnAt: now, withdrawalReason: reason };
  const release = await tx.release.update({ where: { id: releaseId }, data });
  await appendAudit(tx, { at: now, actor, action: 'release.withdraw', subject: `${releaseId}/${reason}` });
  return presentWithdrawal(release);
}
