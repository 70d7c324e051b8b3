import { randomUUID } from 'node:crypto';
import { type Grant, ProblemError, routes } from '@synspine/protocol';
import { appendAudit } from '../audit/append-audit.ts';
import { hashSecret, makeSecret } from '../auth/secrets.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Grant as GrantRow } from '../generated/client.ts';
import { presentSound } from '../http/present-sound.ts';
import type { SomeHandlers } from '../http/route-types.ts';

const DAY_MS = 86_400_000;

export function accessHandlers(deps: Deps): SomeHandlers<'createGrant' | 'listGrants' | 'revokeGrant'> {
  return {
    createGrant: ({ body, caller }) => createGrant(deps, body, caller.id),
    listGrants: async () => ({ grants: await listGrants(deps) }),
    revokeGrant: ({ params, caller }) => revokeGrant(deps, params.grantId, caller.id),
  };
}

/** Gives a person access for `days`; the token is returned here and kept as a hash only. */
export async function createGrant(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  wanted: { name: string; role: 'researcher' | 'admin'; days: number },
  actor: string,
): Promise<Grant & { token: string }> {
  const token = makeSecret(`synspine_${wanted.role}`);
  const createdAt = clock();
  const expiresAt = new Date(createdAt.getTime() + wanted.days * DAY_MS);
  const { name, role } = wanted;
  const row = await inTransaction(prisma, async (tx) => {
    const data = { id: randomUUID(), name, role, tokenHash: hashSecret(token), createdAt, expiresAt };
    const created = await tx.grant.create({ data });
    await appendAudit(tx, { at: createdAt, actor, action: `grant.${role}`, subject: created.id });
    return created;
  });
  return { ...presentGrant(row), token };
}

/** Every grant, also ended ones, the newest first. */
export async function listGrants({ prisma, log }: Pick<Deps, 'prisma' | 'log'>): Promise<Grant[]> {
  const grants = await prisma.grant.findMany({ orderBy: { createdAt: 'desc' } });
  const schema = routes.listGrants.response.shape.grants.element;
  const idOf = ({ id }: GrantRow) => id;
  return presentSound(grants, { log, table: 'grant', schema, present: presentGrant, idOf });
}

/** Ends a person's access; again is harmless. Throws NOT_FOUND. */
export async function revokeGrant(
  { prisma, clock }: Pick<Deps, 'prisma' | 'clock'>,
  id: string,
  actor: string,
): Promise<void> {
  const now = clock();
  await inTransaction(prisma, async (tx) => {
    const grant = await tx.grant.findUnique({ where: { id } });
    if (!grant) throw new ProblemError('NOT_FOUND');
    const { count } = await tx.grant.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: now } });
    if (count === 1) await appendAudit(tx, { at: now, actor, action: 'grant.revoke', subject: id });
  });
}

function presentGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Grant['role'],
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
