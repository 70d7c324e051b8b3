import type { Queries } from '../database/open-database.ts';
import { CHAIN_START, hashAuditRow } from './append-audit.ts';

const ROWS_AT_ONCE = 1000;

/** Recomputes the chain. Returns the number of rows and the first sequence that doesn't fit (null: all fit). */
export async function verifyAudit(db: Queries): Promise<{ rows: number; brokenAt: number | null }> {
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
