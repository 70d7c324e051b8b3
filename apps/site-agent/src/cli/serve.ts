import type { Command } from 'commander';
import { startAgent } from '../agent/agent.ts';
import { type Config, readConfig } from '../config.ts';
import { type Home, openHome, readEnrolment } from '../home.ts';
import { announcePolicy, readPolicy } from '../policy.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { DEFAULT_RUN_OPTIONS } from '../runs/run-options.ts';
import { errorCode } from '../site-error.ts';
import { type Receiving, receiveFilms } from '../sources/receive-films.ts';
import { readSourceSettings } from '../sources/settings.ts';
import { keepSchedule } from '../training/keep-schedule.ts';
import { DEFAULT_TRAINING, describeTraining, readTraining } from '../training/settings.ts';
import { describeProposal, proposeForHome } from '../training/survey.ts';
import { findIsolation } from '../worker/isolation.ts';
import { keepEvaluating } from './evaluate-remote.ts';
import { referencePolicyOption, wholeNumber, withReferencePolicy, withThreads } from './flags.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'Keep working, until stopped: run as training.json says, receive films, and answer the benchmark’s tasks',
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
  await tellUnsaid(home, config); // throws TRAINING_INVALID before anything is started
  const agent = await startAgent({ home, config, log, isolation });
  const stop = stopSignal();
  log.info('agent started');
  const ended = new AbortController();
  let receiving: Receiving | undefined;
  let scheduled: Promise<void> | undefined;
  try {
    const settings = await readSourceSettings(home);
    const signal = AbortSignal.any([stop.signal, ended.signal]);
    if (settings) receiving = await receiveFilms({ home, settings, log, signal });
    scheduled = keepSchedule({ home, config, log }, signal);
    await keepEvaluating({ home, config, log, isolation, registry, signal: stop.signal });
  } finally {
    ended.abort();
    await scheduled;
    await receiving?.done;
    await agent.stop();
    stop.release();
    log.info('agent stopped');
  }
}

/** Says what a home trains that doesn't say it itself: what fits the machine, never the preset of the demo in silence. */
async function tellUnsaid(home: Home, config: Config): Promise<void> {
  if (await readTraining(home)) return;
  const proposal = await proposeForHome(home, DEFAULT_RUN_OPTIONS.labels, { config, gpu: undefined }).catch(
    errorCode,
  );
  const fits = typeof proposal === 'string' ? proposal : describeProposal(proposal);
  process.stderr.write(
    `This home has no training.json, so runs train what fits this machine (${fits}), ${describeTraining(DEFAULT_TRAINING)}. ` +
      '`synspine-site training propose --write` writes it down.\n',
  );
}
