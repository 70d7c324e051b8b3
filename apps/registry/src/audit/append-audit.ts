import { createHash } from 'node:crypto';
import type { Queries } from '../database/open-database.ts';

const CHAIN_LOCK = 72707370; // next to the migrations' lock; one writer at a time keeps the chain a chain
/** What the first row is chained to. */
export const CHAIN_START = '0'.repeat(64);

export type AuditEvent = { at: Date; actor: string; action: string; subject: string };
type ChainedRow = AuditEvent & { sequence: number; previousHash: string };

/** SHA-256 over a row and the hash before it: changing, dropping or swapping any row breaks every later one. */
export function hashAuditRow({ sequence, at, actor, action, subject, previousHash }: ChainedRow): string {
  const text = JSON.stringify([sequence, at.toISOString(), actor, action, subject, previousHash]);
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Adds a row to the audit trail, within the transaction that does what the row tells: either both are kept or none.
 * Call it last, since it holds the chain's lock until the transaction ends.
 */
export async function appendAudit(tx: Queries, event: AuditEvent): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${CHAIN_LOCK})`;
  const last = await tx.auditRow.findFirst({ orderBy: { sequence: 'desc' } });
  const row = { ...event, sequence: (last?.sequence ?? 0) + 1, previousHash: last?.hash ?? CHAIN_START };
  await tx.auditRow.create({ data: { ...row, hash: hashAuditRow(row) } });
}
