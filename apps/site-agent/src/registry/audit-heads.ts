import type { AuditHead, Client } from '@synspine/protocol';
import { appendLine, readLines } from '../durable-file.ts';
import type { Home } from '../home.ts';
import { SiteError } from '../site-error.ts';

/** The last row of the registry's audit trail on one day, as the registry showed it to this site. */
export type KeptHead = AuditHead & { keptAt: string };

const KEPT_FOR_MS = 24 * 60 * 60 * 1000;

/**
 * Keeps what the registry's audit trail ends with, once a day. A row's hash covers all rows before it, so a trail that is
 * rewritten or cut later lacks a row that some site has kept, whoever rewrote it.
 *
 * @throws SiteError AUDIT_REWRITTEN when the trail no longer has the row that was kept last; nothing is kept then
 */
export async function keepAuditHead(home: Home, client: Client, signal: AbortSignal): Promise<void> {
  const last = (await listAuditHeads(home)).at(-1);
  const ageMs = last ? Date.now() - Date.parse(last.keptAt) : KEPT_FOR_MS;
  if (0 <= ageMs && ageMs < KEPT_FOR_MS) return; // one from the future: the clock was set back since
  const { head, since } = await client.call('getAuditHead', { query: { since: last?.sequence } }, { signal });
  if (last && since?.hash !== last.hash) throw new SiteError('AUDIT_REWRITTEN', `row ${last.sequence}`);
  if (head) await appendLine(home.files.auditHeads, { ...head, keptAt: new Date().toISOString() });
}

/** All heads that were kept, oldest first. */
export function listAuditHeads(home: Home): Promise<KeptHead[]> {
  return readLines<KeptHead>(home.files.auditHeads);
}
