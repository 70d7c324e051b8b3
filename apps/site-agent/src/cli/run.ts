import { exitCode } from '@synspine/protocol';
import { type Command, Option } from 'commander';
import { type Agent, startAgent } from '../agent/agent.ts';
import { type Config, readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { openCatalogue } from '../films/catalogue.ts';
import { LABEL_SCHEME_NAMES, LABEL_SCHEMES } from '../films/label-schemes.ts';
import { type Home, openHome, readEnrolment } from '../home.ts';
import type { Log } from '../log.ts';
import { announcePolicy, readPolicy } from '../policy.ts';
import { findPreset } from '../presets.ts';
import { askReleases, updateRelease } from '../registry/release-progress.ts';
import { createRun, listRuns, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions, runOptions } from '../runs/run-options.ts';
import { outcomeOf, takeUp } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { SiteError } from '../site-error.ts';
import type { StartFile } from '../stages/train/start-weights.ts';
import {
  type ChosenOptions,
  chooseOptions,
  describeOptions,
  type Stated,
} from '../training/choose-options.ts';
import { DEFAULT_TRAINING, readTraining } from '../training/settings.ts';
import { describeProposal, proposeForHome } from '../training/survey.ts';
import { findIsolation } from '../worker/isolation.ts';
import { findUnfinished } from './cancel.ts';
import { describeSummary } from './describe-summary.ts';
import { referencePolicyOption, share, wholeNumber, withReferencePolicy, withThreads } from './flags.ts';
import { followProgress, followWaits } from './follow-progress.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';
import { tellOutcome } from './tell-outcome.ts';

type RunFlags = Stated & {
  home: string;
  threads?: number;
  json?: string;
  dryRun?: true;
  referencePolicy?: true;
};

type Chosen = ChosenOptions & { start: StartFile | undefined };

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description(
      'Train, evaluate, audit and release; goes on with an unfinished run when there is one. Options that no flag says are those of training.json',
    )
    .addOption(homeOption())
    .option('--preset <name>', 'network and schedule (training.json’s, else what fits this machine)')
    .addOption(
      new Option('--loss <loss>', 'with or without the diagnosis judge (spinegan)').choices([
        'spinegan',
        'gan',
      ]),
    )
    .addOption(
      new Option(
        '--labels <scheme>',
        'conditions: normal and abnormal, or one for each finding (the preset’s, else binary)',
      ).choices(LABEL_SCHEME_NAMES),
    )
    .option('--images-shown <n>', 'length of training (the preset’s)', wholeNumber)
    .option(
      '--synthetic-count <n>',
      `images of the release (${DEFAULT_RUN_OPTIONS.syntheticCount})`,
      wholeNumber,
    )
    .option('--psi <share>', 'truncation of the samples, 0 to 1 (1)', share)
    .option('--no-filters', 'release images though no filter has looked at them')
    .option('--seed <n>', 'of everything random (1)', wholeNumber)
    .addOption(
      new Option(
        '--precision <precision>',
        'of training’s convolutions (float32); bfloat16 is 1.5 times as fast on a new GPU',
      ).choices(['float32', 'bfloat16']),
    )
    .option('--judge-weight <weight>', 'λ of SpineGAN’s judge, above 0 to 1 (the preset’s)', share)
    .addOption(
      new Option('--gan-loss <loss>', 'what generator and discriminator play for (the preset’s)').choices([
        'logistic',
        'relativistic',
      ]),
    )
    .addOption(
      new Option('--gpu <use>', 'take a card where there is one (auto), none, or no run without').choices([
        'auto',
        'none',
        'required',
      ]),
    )
    .option('--init-from <file>', 'start from the weights of a release or a checkpoint')
    .option('--dry-run', 'measure this machine and print the plan; start and write nothing')
    .addOption(referencePolicyOption())
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .option('--json <file>', 'write the outcome as JSON')
    .action(runCommand);
}

async function runCommand(flags: RunFlags): Promise<void> {
  const config = withReferencePolicy(withThreads(readConfig(), flags.threads), flags.referencePolicy);
  const home = await openHome(flags.home);
  const { registryUrl } = await readEnrolment(home); // before hours of training, not after
  announcePolicy(await readPolicy(home, config), registryUrl);
  const unfinished = await findUnfinished(await listRuns(home));
  const chosen = await choose(home, config, flags, unfinished);
  if (flags.dryRun || !unfinished) tellOptions(chosen);
  if (flags.dryRun) return printPlan(home, chosen, config.threads);
  const run = await makeRun(home, chosen, unfinished);
  const log = openLog(home, config);
  const agent = await startAgent({ home, config, log, isolation: await findIsolation() });
  await finishRun(agent, run, log);
  const own = await askReleases(home);
  const summary = updateRelease(await summariseRun(run), own);
  if (flags.json) await writeJson(flags.json, summary);
  process.stdout.write(`${describeSummary(summary, own)}\n`);
  tellOutcome(summary);
}

export async function finishRun(agent: Agent, run: RunFolder, log: Log): Promise<void> {
  const stop = stopSignal();
  const progress = followProgress(run, log);
  const waits = followWaits(run);
  try {
    await agent.finish(run, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('Stopping at the next checkpoint. The same command goes on from there.\n');
    process.exitCode = exitCode('waiting');
  } finally {
    progress.stop();
    waits.stop();
    await agent.stop();
    stop.release();
  }
}

/** The flags that are options of a run. Filters on is what not saying it gives, too; the start is a path here and a hash there. */
function optionsOf(flags: RunFlags): Stated {
  const isOption = (name: string) => name in runOptions.shape && name !== 'initFrom';
  const stated = Object.entries(flags).filter(
    ([name, value]) => isOption(name) && !(name === 'filters' && value),
  );
  return Object.fromEntries(stated);
}

/** The options of the unfinished run when the flags don't contradict them, else those of a new one. Throws RUN_OPTIONS_DIFFER, OPTION_INVALID. */
async function choose(
  home: Home,
  config: Config,
  flags: RunFlags,
  unfinished: RunFolder | undefined,
): Promise<Chosen> {
  const stated = optionsOf(flags);
  const settings = (await readTraining(home)) ?? DEFAULT_TRAINING;
  if (unfinished) {
    const { options, notes } = unfinished;
    const start = await readStart(flags.initFrom, options);
    if (!isSame(options, { ...stated, ...(start && { initFrom: start.sha256 }) }))
      throw new SiteError('RUN_OPTIONS_DIFFER');
    return { options, origins: notes.origins ?? {}, proposal: undefined, start };
  }
  const labels = stated.labels ?? settings.labels ?? DEFAULT_RUN_OPTIONS.labels;
  const propose = () => proposeForHome(home, labels, { config, gpu: stated.gpu ?? settings.gpu });
  const { options, origins, proposal } = await chooseOptions(settings, stated, propose);
  const start = await readStart(flags.initFrom, options);
  if (!start) return { options, origins, proposal, start };
  return {
    options: { ...options, initFrom: start.sha256 },
    origins: { ...origins, initFrom: 'flag' },
    proposal,
    start,
  };
}

/** Whether what is stated is what the run has anyway; what is absent there is as always. */
function isSame(options: RunOptions, stated: Stated): boolean {
  const has: Record<string, unknown> = { precision: 'float32', gpu: 'auto', ...options };
  return Object.entries(stated).every(([name, value]) => has[name] === value);
}

/** The file behind `--init-from`, which as a flag is a path and as an option its hash. */
async function readStart(
  path: string | undefined,
  { preset, labels }: RunOptions,
): Promise<StartFile | undefined> {
  if (path === undefined) return undefined;
  const { readStartFile } = await import('../stages/train/start-weights.ts');
  return readStartFile(path, findPreset(preset), LABEL_SCHEMES[labels].classNames.length);
}

async function makeRun(
  home: Home,
  { options, origins, start }: Chosen,
  unfinished: RunFolder | undefined,
): Promise<RunFolder> {
  const films = (await openCatalogue(home)).films().length;
  const run = unfinished ?? (await createRun(home, options, { origins, films }));
  if (start) {
    const { keepStartFile } = await import('../stages/train/start-weights.ts');
    await keepStartFile(run.folders.checkpoints, start);
  }
  if (unfinished) await takeUp(unfinished);
  return run;
}

/** What a new run trains, and who said so. */
function tellOptions({ options, origins, proposal }: Chosen): void {
  if (proposal) process.stdout.write(`${describeProposal(proposal)}\n`);
  process.stdout.write(`Options:\n${describeOptions(options, origins).join('\n')}\n`);
}

async function printPlan(home: Home, { options, start }: Chosen, threads: number): Promise<void> {
  const { dryRun } = await import('./dry-run.ts');
  const { lines, code } = await dryRun(home, options, start, threads);
  process.stdout.write(`${lines.join('\n')}\n`);
  process.stdout.write(code ? `This run would stop: ${code}.\n` : 'Nothing stands in the way of this run.\n');
  if (code) tellOutcome({ status: 'stopped', outcome: outcomeOf({ status: 'stopped', code }), code });
}
