import { ProblemError } from '@synspine/protocol';
import { z } from 'zod';
import { isStorable } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';

/** The `jti` of an assertion or a proof. */
export const tokenId = z.string().min(8).max(200).refine(isStorable);

/**
 * Marks an assertion or a proof as used, by its jti; the insert itself decides, so of any number of parallel calls
 * exactly one passes. Keyed on the jti and not on the token's bytes, which an attacker could vary. Call it only after
 * the signature was verified. Throws TOKEN_REPLAYED.
 */
export async function useTokenId(
  { prisma }: Pick<Deps, 'prisma'>,
  id: { kind: 'assertion' | 'proof'; owner: string; jti: string; expiresAt: Date },
): Promise<void> {
  const { count } = await prisma.usedTokenId.createMany({
    data: { id: `${id.kind}:${id.owner}:${id.jti}`, expiresAt: id.expiresAt },
    skipDuplicates: true,
  });
  if (count === 0) throw new ProblemError('TOKEN_REPLAYED');
}
