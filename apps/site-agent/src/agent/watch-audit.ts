import { type Home, isEnrolled } from '../home.ts';
import type { Log } from '../log.ts';
import { keepAuditHead } from '../registry/audit-heads.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { errorCode } from '../site-error.ts';

const EVERY_MS = 60 * 60 * 1000; // what was kept within a day is not asked for again
const TIMEOUT_MS = 10_000;

/** Makes this site a witness of the registry's audit trail, until the returned function is called. No run waits for it. */
export function watchAudit(home: Home, log: Log): () => void {
  const ended = new AbortController();
  const look = async () => {
    if (!isEnrolled(home)) return;
    try {
      const { client } = await openRegistry(home);
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      await keepAuditHead(home, client, signal);
    } catch (error) {
      const code = errorCode(error);
      if (ended.signal.aborted) return;
      if (code === 'AUDIT_REWRITTEN') log.error('the audit trail of the registry was rewritten', { code });
      else log.warn('the audit trail was not looked at', { code });
    }
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => {
    clearInterval(timer);
    ended.abort();
  };
}
