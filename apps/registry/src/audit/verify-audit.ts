import type { Queries } from '../database/open-database.ts';
import { CHAIN_START, hashAuditRow } from './append-audit.ts';

const ROWS_AT_ONCE = 1000;

/** A row as a site witnessed it. */
export type WitnessedRow = { sequence: number; hash: string };

/**
 * Recomputes the chain. Returns the number of rows and the first sequence that doesn't fit (null: all fit). A chain that was
 * rewritten as a whole fits in itself, but not with the rows that sites have witnessed.
 */
export async function verifyAudit(
  db: Queries,
  witnessed: readonly WitnessedRow[] = [],
): Promise<{ rows: number; brokenAt: number | null }> {
  const { rows, brokenAt } = await verifyChain(db);
  if (brokenAt !== null) return { rows, brokenAt };
  for (const { sequence, hash } of [...witnessed].sort((a, b) => a.sequence - b.sequence)) {
    const row = await db.auditRow.findUnique({ where: { sequence } });
    if (row?.hash !== hash) return { rows, brokenAt: sequence };
  }
  return { rows, brokenAt: null };
}

async function verifyChain(db: Queries): Promise<{ rows: number; brokenAt: number | null }> {
  let previousHash = CHAIN_START;
  let rows = 0;
  for (;;) {
    const page = await db.auditRow.findMany({
      where: { sequence: { gt: rows } },
      orderBy: { sequence: 'asc' },
      take: ROWS_AT_ONCE,
    });
    for (const row of page) {
      const isNext = row.sequence === rows + 1 && row.previousHash === previousHash;
      if (!isNext || row.hash !== hashAuditRow(row)) return { rows, brokenAt: row.sequence };
      previousHash = row.hash;
      rows++;
    }
    if (page.length < ROWS_AT_ONCE) return { rows, brokenAt: null };
  }
}
