import type { Command } from 'commander';
import { startAgent } from '../agent/agent.ts';
import { readConfig } from '../config.ts';
import { openHome } from '../home.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { findIsolation } from '../worker/isolation.ts';
import { keepEvaluating } from './evaluate-remote.ts';
import { wholeNumber, withThreads } from './flags.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('Keep working: finish unfinished runs and answer the benchmark’s tasks, until stopped')
    .requiredOption('--home <dir>', 'the agent’s folder')
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .action(serve);
}

async function serve(flags: { home: string; threads?: number }): Promise<void> {
  const config = withThreads(readConfig(), flags.threads);
  const home = await openHome(flags.home);
  const log = openLog(home, config);
  const registry = await openRegistry(home);
  const isolation = await findIsolation();
  const agent = await startAgent({ home, config, log, isolation });
  const stop = stopSignal();
  log.info('agent started');
  try {
    await keepEvaluating({ home, config, log, isolation, registry, signal: stop.signal });
  } finally {
    await agent.stop();
    stop.release();
    log.info('agent stopped');
  }
}
