import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { startAgent } from '../agent/agent.ts';
import { readConfig } from '../config.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { type Home, openHome, readEnrolment } from '../home.ts';
import { announcePolicy, readPolicy } from '../policy.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { createRun, listRuns } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { type Receiving, receiveFilms } from '../sources/receive-films.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { readRunFilms } from '../stages/ingest/run.ts';
import { readResult } from '../stages/stage-result.ts';
import { findIsolation } from '../worker/isolation.ts';
import { findUnfinished } from './cancel.ts';
import { keepEvaluating } from './evaluate-remote.ts';
import { referencePolicyOption, wholeNumber, withReferencePolicy, withThreads } from './flags.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'Keep working, until stopped: run when films were ingested, and answer the benchmark’s tasks',
    )
    .addOption(homeOption())
    .addOption(referencePolicyOption())
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .action(serve);
}

async function serve(flags: { home: string; threads?: number; referencePolicy?: true }): Promise<void> {
  const config = withReferencePolicy(withThreads(readConfig(), flags.threads), flags.referencePolicy);
  const home = await openHome(flags.home);
  const log = openLog(home, config);
  const registry = await openRegistry(home);
  announcePolicy(await readPolicy(home, config), (await readEnrolment(home)).registryUrl);
  const isolation = await findIsolation();
  await startRunOnNewFilms(home);
  const agent = await startAgent({ home, config, log, isolation });
  const stop = stopSignal();
  log.info('agent started');
  const ended = new AbortController();
  let receiving: Receiving | undefined;
  try {
    const settings = await readSourceSettings(home);
    const signal = AbortSignal.any([stop.signal, ended.signal]);
    if (settings) receiving = await receiveFilms({ home, settings, log, signal });
    await keepEvaluating({ home, config, log, isolation, registry, signal: stop.signal });
  } finally {
    ended.abort();
    await receiving?.done;
    await agent.stop();
    stop.release();
    log.info('agent stopped');
  }
}

/** Films ingested since the newest run began are worth a run, unless one is still going on or waits to be taken up. */
async function startRunOnNewFilms(home: Home): Promise<void> {
  const runs = await listRuns(home);
  if (await findUnfinished(runs)) return;
  const films = (await openCatalogue(home)).films();
  const known = runs[0] && (await readResult(runs[0], 'ingest')) ? await readRunFilms(runs[0]) : [];
  if (isDeepStrictEqual(films, known)) return;
  await createRun(home, DEFAULT_RUN_OPTIONS);
}
