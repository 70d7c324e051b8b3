import { type AuditHead, routes } from '@synspine/protocol';
import type { Deps } from '../deps.ts';
import type { AuditRow } from '../generated/client.ts';
import { presentSound } from '../http/present-sound.ts';
import type { SomeHandlers } from '../http/route-types.ts';

const ROWS_MAX = 200;

export function auditHandlers({ prisma, log }: Deps): SomeHandlers<'listAudit' | 'getAuditHead'> {
  return {
    async listAudit({ query }) {
      const rows = await prisma.auditRow.findMany({
        where: query.before === undefined ? {} : { sequence: { lt: query.before } },
        orderBy: { sequence: 'desc' },
        take: ROWS_MAX,
      });
      const schema = routes.listAudit.response.shape.rows.element;
      const present = ({ previousHash: _, ...row }: AuditRow) => ({ ...row, at: row.at.toISOString() });
      const idOf = ({ sequence }: AuditRow) => sequence;
      return { rows: presentSound(rows, { log, table: 'audit_row', schema, present, idOf }) };
    },
    async getAuditHead({ query: { since } }) {
      const head = await prisma.auditRow.findFirst({ orderBy: { sequence: 'desc' } });
      const known =
        since === undefined ? null : await prisma.auditRow.findUnique({ where: { sequence: since } });
      return { head: head && toHead(head), since: known && toHead(known) };
    },
  };
}

function toHead({ sequence, at, hash }: AuditRow): AuditHead {
  return { sequence, at: at.toISOString(), hash };
}
