import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Guard } from '../durable-file.ts';
import { SiteError } from '../site-error.ts';
import type { RunFolder } from './run-folder.ts';

/** The right to write to a run. Each claim has a higher epoch, and only the highest may publish. */
export type Claim = { epoch: number; guard: Guard };

const DIGITS = 10;

/**
 * Claims a run: makes the next file in `claims/`, which the file system lets only one process do. Whoever claimed it
 * before keeps running at most until its next {@link Claim.guard}, which throws CLAIM_OUTDATED.
 */
export async function claimRun(run: RunFolder): Promise<Claim> {
  for (;;) {
    const epoch = (await currentEpoch(run)) + 1;
    if (!(await makeExclusively(join(run.folders.claims, fileName(epoch))))) continue; // another claim came first
    await rm(join(run.folders.claims, fileName(epoch - 2)), { force: true });
    return { epoch, guard: guardOf(run, epoch) };
  }
}

/** The check that a worker process makes for the claim which its agent took. */
export function guardOf(run: RunFolder, epoch: number): Guard {
  return async () => {
    if ((await currentEpoch(run)) !== epoch) throw new SiteError('CLAIM_OUTDATED');
  };
}

/** The highest epoch claimed so far; 0 before the first claim. */
export async function currentEpoch(run: RunFolder): Promise<number> {
  const names = await readdir(run.folders.claims);
  return Math.max(0, ...names.map(Number).filter(Number.isInteger));
}

function fileName(epoch: number): string {
  return String(epoch).padStart(DIGITS, '0');
}

async function makeExclusively(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    await handle.sync();
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
