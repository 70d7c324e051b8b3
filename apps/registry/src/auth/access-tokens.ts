import { ProblemError, type PublicJwk } from '@synspine/protocol';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from '../http/route-types.ts';
import { type ProvedRequest, useProof, verifyProof } from './dpop-proof.ts';
import { hashSecret, makeSecret } from './secrets.ts';

export const ACCESS_TOKEN_SECONDS = 600;

/**
 * Makes an opaque access token, bound to the proof's key (RFC 9449 §6), good for ten minutes. Throws TOKEN_INVALID where the key
 * that asked for it has ended meanwhile.
 */
export async function issueAccessToken(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  { siteId, authKey }: { siteId: string; authKey: PublicJwk },
  keyThumbprint: string,
): Promise<string> {
  const token = makeSecret('synspine_site');
  const expiresAt = new Date(clock().getTime() + ACCESS_TOKEN_SECONDS * 1000);
  await inTransaction(prisma, async (tx) => {
    // Waits for whoever is ending the site's keys, and with them its tokens: this one would be overlooked.
    await tx.$executeRaw`SELECT 1 FROM "site" WHERE "id" = ${siteId} FOR SHARE`;
    const site = await tx.site.findUniqueOrThrow({ where: { id: siteId } });
    if ((site.authKey as PublicJwk | null)?.x !== authKey.x)
      throw new ProblemError('TOKEN_INVALID', 'the site’s key has ended');
    await tx.accessToken.create({ data: { tokenHash: hashSecret(token), siteId, keyThumbprint, expiresAt } });
  });
  return token;
}

/** The site or benchmark that holds an access token and its key. Throws TOKEN_…, PROOF_INVALID, CLOCK_SKEW, SITE_SUSPENDED or SITE_REVOKED. */
export async function authenticateSite(
  deps: Pick<Deps, 'prisma' | 'config' | 'clock'>,
  token: string,
  proof: string | undefined,
  request: ProvedRequest,
): Promise<Caller> {
  const row = await deps.prisma.accessToken.findUnique({
    where: { tokenHash: hashSecret(token) },
    include: { site: { select: { kind: true, suspendedAt: true, revokedAt: true } } },
  });
  if (!row) throw new ProblemError('TOKEN_INVALID');
  if (row.expiresAt <= deps.clock()) throw new ProblemError('TOKEN_EXPIRED');
  const proved = await verifyProof(deps, proof, { ...request, accessToken: token });
  if (proved.thumbprint !== row.keyThumbprint)
    throw new ProblemError('PROOF_INVALID', 'the token is bound to another key');
  await useProof(deps, proved);
  if (row.site.revokedAt) throw new ProblemError('SITE_REVOKED'); // the token was made while the keys were ended
  if (row.site.suspendedAt) throw new ProblemError('SITE_SUSPENDED');
  return { role: row.site.kind === 'benchmark' ? 'benchmark' : 'site', id: row.siteId };
}
