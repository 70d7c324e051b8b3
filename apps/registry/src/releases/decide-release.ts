import { type ContentVerdict, ProblemError } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction, type Queries } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Release } from '../generated/client.ts';
import { lockSite } from '../sites/enrolment.ts';
import { presentWithdrawal } from '../withdrawals/tombstones.ts';

type Decision = { releaseId: string; verdict: ContentVerdict; actor: string; now: Date };

/** Publishes a `verifying` release or quarantines it, with the audit row that says so, in the caller's transaction. */
export async function decideRelease(
  tx: Queries,
  { releaseId, verdict, actor, now }: Decision,
): Promise<void> {
  const isPass = verdict === 'pass';
  const outcome = isPass
    ? { status: 'published', publishedAt: now }
    : { status: 'quarantined', contentCode: verdict };
  const where = { id: releaseId, status: 'verifying' };
  await tx.release.update({ where, data: { ...outcome, decidedAt: now } });
  const action = isPass ? 'release.publish' : 'release.quarantine';
  const subject = isPass ? releaseId : `${releaseId}/${verdict}`;
  await appendAudit(tx, { at: now, actor, action, subject });
}

/**
 * Takes the verdict of whoever looked at a release's contents. The same verdict again is harmless. Throws NOT_FOUND (also
 * for a release that isn't complete), RELEASE_WITHDRAWN or VERDICT_CONFLICT.
 */
export async function receiveVerdict(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  actor: string,
  { releaseId, verdict }: Pick<Decision, 'releaseId' | 'verdict'>,
): Promise<void> {
  const found = await prisma.release.findUnique({ where: { id: releaseId } });
  if (!found) throw new ProblemError('NOT_FOUND');
  await inTransaction(prisma, async (tx) => {
    await lockSite(tx, found.siteId); // one verdict at a time, so that the first one stands
    const release = await tx.release.findUniqueOrThrow({ where: { id: releaseId } });
    if (release.status === 'uploading') throw new ProblemError('NOT_FOUND');
    if (release.status === 'verifying') return decideRelease(tx, { releaseId, verdict, actor, now: clock() });
    if (release.status === 'withdrawn')
      throw new ProblemError('RELEASE_WITHDRAWN', undefined, { withdrawal: presentWithdrawal(release) });
    if (verdictOf(release) !== verdict) throw new ProblemError('VERDICT_CONFLICT');
  });
}

function verdictOf({ status, contentCode }: Release): string | null {
  return status === 'published' ? 'pass' : contentCode;
}
