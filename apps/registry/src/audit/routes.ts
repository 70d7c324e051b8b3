import type { Deps } from '../deps.ts';
import type { SomeHandlers } from '../http/route-types.ts';

const ROWS_MAX = 200;

export function auditHandlers({ prisma }: Deps): SomeHandlers<'listAudit'> {
  return {
    async listAudit({ query }) {
      const rows = await prisma.auditRow.findMany({
        where: query.before === undefined ? {} : { sequence: { lt: query.before } },
        orderBy: { sequence: 'desc' },
        take: ROWS_MAX,
      });
      return {
        rows: rows.map(({ previousHash: _, ...row }) => ({ ...row, at: row.at.toISOString() })),
      };
    },
  };
}
