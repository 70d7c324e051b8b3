import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueError } from './errors.ts';

/**
 * When process `pid` started, in clock ticks since boot, or undefined when there is none.
 * A pid alone can be reused; pid and start time together can't. Source: proc(5), field 22 of /proc/PID/stat.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name (field 2) may hold spaces and brackets, so count from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isZombie = fields[0] === 'Z';
    return isZombie ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function readHolder(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function isAlive(holder: string): boolean {
  const [pid, start] = holder.split(' ');
  return Number(pid) > 0 && processStart(Number(pid)) === start;
}

/**
 * Makes this process the only supervisor of `dataDir`; a dead supervisor's claim is taken over.
 * Returns the function that gives the claim back. Throws EMBEDDED_POSTGRES_IN_USE while another lives.
 */
export function claimSupervision(dataDir: string): () => void {
  const path = join(dataDir, 'supervisor');
  const mine = `${process.pid} ${processStart(process.pid)}`;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${mine}\n`, { mode: 0o600 });
  try {
    if (isAlive(readHolder(path))) {
      throw new QueueError(
        'EMBEDDED_POSTGRES_IN_USE',
        'Another running process already keeps this PostgreSQL data folder. Stop it, or give this one its own folder.',
      );
    }
    rmSync(path, { force: true });
    linkSync(draft, path); // link, unlike rename, fails if another supervisor came first
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(path, { force: true });
}
