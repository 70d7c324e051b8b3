import { appendAudit } from '../audit/append-audit.ts';
import { inTransaction } from '../database/open-database.ts';
import type { Deps } from '../deps.ts';
import type { Caller } from '../http/route-types.ts';

const ONE_DOWNLOAD_MS = 3_600_000;
const KNOWN_MAX = 10_000; // bounds the memory; beyond it a download that goes on is written once more

/** Writes to the audit trail that a caller gets a file, or a part of it; resolves once it is written. */
export type RecordDownload = (caller: Caller, subject: string, isPart: boolean) => Promise<void>;

/**
 * One row a download, written before its bytes are sent. Libraries read a file in hundreds of ranges: the parts that one
 * caller asks for within an hour belong to the download that began it. A file that is asked for whole is always a new one.
 */
export function recordDownloads({ prisma, clock }: Pick<Deps, 'prisma' | 'clock'>): RecordDownload {
  const known = new Map<string, { startedAt: number; written: Promise<void> }>();
  return (caller, subject, isPart) => {
    const at = clock();
    const key = `${caller.id} ${subject}`;
    const download = known.get(key);
    const isRecent = download && Math.abs(at.getTime() - download.startedAt) < ONE_DOWNLOAD_MS;
    if (isPart && isRecent) return download.written;
    if (known.size >= KNOWN_MAX) known.clear();
    const event = { at, actor: caller.id, action: 'file.download', subject };
    const written = inTransaction(prisma, (tx) => appendAudit(tx, event));
    known.set(key, { startedAt: at.getTime(), written });
    written.catch(() => known.delete(key)); // the next part tries again
    return written;
  };
}
