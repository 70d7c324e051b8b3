import { setTimeout as sleep } from 'node:timers/promises';
import { POLL_SECONDS_MAX } from '@synspine/protocol';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { evaluateRemote, type ScoringDeps } from '../scores/evaluate-remote.ts';
import { errorCode } from '../site-error.ts';
import { findIsolation } from '../worker/isolation.ts';
import { referencePolicyOption, wholeNumber, withReferencePolicy, withThreads } from './flags.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

export function addEvaluateRemoteCommand(program: Command): void {
  program
    .command('evaluate-remote')
    .description('Score the benchmark’s classifiers on the sealed hold-out; only counts are sent back')
    .addOption(homeOption())
    .option('--once', 'answer the open tasks and end')
    .addOption(referencePolicyOption())
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .action(run);
}

type Flags = { home: string; once?: boolean; threads?: number; referencePolicy?: true };

async function run(flags: Flags): Promise<void> {
  const config = withReferencePolicy(withThreads(readConfig(), flags.threads), flags.referencePolicy);
  const home = await openHome(flags.home);
  const log = openLog(home, config);
  const stop = stopSignal();
  const registry = await openRegistry(home);
  const deps = { home, config, log, isolation: await findIsolation(), registry, signal: stop.signal };
  try {
    if (!flags.once) return await keepEvaluating(deps);
    const count = await evaluateRemote(deps, { waitSeconds: 0 });
    process.stdout.write(`${count ?? 0} tasks answered\n`);
  } finally {
    stop.release();
  }
}

const PAUSE_MS = 15_000; // between polls when something went wrong, or there is no hold-out yet

/** Polls until stopped. A registry that is away for a while is no reason to end. */
export async function keepEvaluating(deps: ScoringDeps): Promise<void> {
  const { signal, log } = deps;
  while (!signal.aborted) {
    try {
      const count = await evaluateRemote(deps, { waitSeconds: POLL_SECONDS_MAX });
      if (count !== null) continue;
    } catch (error) {
      if (!signal.aborted) log.error('tasks were not answered', { code: errorCode(error) });
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined); // woken by the signal
  }
}
