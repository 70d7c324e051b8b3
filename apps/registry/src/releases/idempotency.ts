import { createHash } from 'node:crypto';
import { ProblemError } from '@synspine/protocol';
import type { Queries } from '../database/open-database.ts';

/**
 * Binds an Idempotency-Key to the request it first came with. The routes that take one are idempotent by what they
 * are given (a signed document); the key tells a repetition from a mix-up. Throws IDEMPOTENCY_CONFLICT.
 */
export async function claimIdempotencyKey(
  tx: Queries,
  claim: { siteId: string; key: string; request: string; now: Date },
): Promise<void> {
  const { siteId, key, now } = claim;
  const requestHash = createHash('sha256').update(claim.request).digest('hex');
  const data = { siteId, key, requestHash, createdAt: now };
  const { count } = await tx.idempotencyKey.createMany({ data, skipDuplicates: true });
  if (count === 1) return;
  const first = await tx.idempotencyKey.findUniqueOrThrow({ where: { siteId_key: { siteId, key } } });
  if (first.requestHash !== requestHash) throw new ProblemError('IDEMPOTENCY_CONFLICT');
}
