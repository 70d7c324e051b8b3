import type { Deps } from '../deps.ts';
import type { Caller } from '../http/route-types.ts';
import { CONFIGURED_ADMIN } from './authenticate.ts';

/**
 * Whether somebody who was let in may still have what is being sent: a person's grant hasn't ended, a site is neither
 * suspended nor revoked. A site's token may have ended meanwhile: it was good when the download began.
 */
export async function mayGoOn(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  { role, id }: Caller,
): Promise<boolean> {
  if (id === CONFIGURED_ADMIN) return true;
  if (role === 'site' || role === 'benchmark') {
    const site = await prisma.site.findUnique({ where: { id } });
    return site !== null && !site.suspendedAt && !site.revokedAt;
  }
  const grant = await prisma.grant.findUnique({ where: { id } });
  return grant !== null && !grant.revokedAt && grant.expiresAt > clock();
}
