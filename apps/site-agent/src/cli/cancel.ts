import type { Command } from 'commander';
import { writeDurably } from '../durable-file.ts';
import { type Home, openHome } from '../home.ts';
import { cancelFileOf, listDamagedRuns, listRuns, openRun, type RunFolder } from '../runs/run-folder.ts';
import { readState } from '../runs/run-state.ts';
import { SiteError } from '../site-error.ts';
import { homeOption } from './home-option.ts';

export function addCancelCommand(program: Command): void {
  program
    .command('cancel')
    .description('Stop a run for good; the agent that works on it notices within a second')
    .argument('[run]', 'the run; the newest unfinished one when left out')
    .addOption(homeOption())
    .action(cancel);
}

async function cancel(runId: string | undefined, { home: folder }: { home: string }): Promise<void> {
  const home = await openHome(folder);
  if (runId && (await listDamagedRuns(home)).includes(runId)) return cancelDamaged(home, runId);
  const run = runId ? await openRun(home, runId) : await findUnfinished(await listRuns(home));
  if (!run) throw new SiteError('RUN_UNKNOWN');
  await writeDurably(run.files.cancel, '');
  process.stdout.write(`${run.runId} ${(await readState(run)).status}\n`);
}

/** Nobody works on it; the word says that a person has seen it. */
async function cancelDamaged(home: Home, runId: string): Promise<void> {
  await writeDurably(cancelFileOf(home, runId), '');
  process.stdout.write(`${runId} cancelled\n`);
}

/**
 * The newest run that is still running, or the newest of all when it failed and can be taken up again. `runs` are newest first: a failed
 * one that another has followed is over.
 */
export async function findUnfinished(runs: readonly RunFolder[]): Promise<RunFolder | undefined> {
  for (const run of runs) {
    const { status } = await readState(run);
    if (status === 'running' || (status === 'failed' && run === runs[0])) return run;
  }
  return undefined;
}
