import { exitCode } from '@synspine/protocol';
import { type Command, Option } from 'commander';
import { type Agent, startAgent } from '../agent/agent.ts';
import { readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { LABEL_SCHEME_NAMES, LABEL_SCHEMES } from '../films/label-schemes.ts';
import { type Home, openHome, readEnrolment } from '../home.ts';
import { announcePolicy, readPolicy } from '../policy.ts';
import { createRun, listRuns, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS, parseRunOptions, type RunOptions } from '../runs/run-options.ts';
import { changeState, outcomeOf, readState } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { SiteError } from '../site-error.ts';
import type { StartFile } from '../stages/train/start-weights.ts';
import { findIsolation } from '../worker/isolation.ts';
import { findUnfinished } from './cancel.ts';
import { describeSummary } from './describe-summary.ts';
import { referencePolicyOption, share, wholeNumber, withReferencePolicy, withThreads } from './flags.ts';
import { followProgress } from './follow-progress.ts';
import { homeOption } from './home-option.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';
import { tellOutcome } from './tell-outcome.ts';

type RunFlags = Partial<RunOptions> & {
  home: string;
  threads?: number;
  json?: string;
  dryRun?: true;
  referencePolicy?: true;
};

/** What the flags ask for; `start` is the file behind `initFrom`, which as a flag is a path and as an option its hash. */
type Wanted = { options: Partial<RunOptions>; start: StartFile | undefined };

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('Train, evaluate, audit and release; goes on with an unfinished run when there is one')
    .addOption(homeOption())
    .option('--preset <name>', `network and schedule (${DEFAULT_RUN_OPTIONS.preset})`)
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
    .option('--init-from <file>', 'start from the weights of a release or a checkpoint')
    .option('--dry-run', 'measure this machine and print the plan; start and write nothing')
    .addOption(referencePolicyOption())
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .option('--json <file>', 'write the outcome as JSON')
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const config = withReferencePolicy(withThreads(readConfig(), flags.threads), flags.referencePolicy);
  const home = await openHome(flags.home);
  const { registryUrl } = await readEnrolment(home); // before hours of training, not after
  announcePolicy(await readPolicy(home, config), registryUrl);
  const unfinished = await findUnfinished(await listRuns(home));
  const wanted = await readWanted(flags, unfinished);
  if (flags.dryRun)
    return printPlan(home, await completeOptions(wanted, unfinished), wanted.start, config.threads);
  const chosen = await chooseRun(home, wanted, unfinished);
  const log = openLog(home, config);
  const agent = await startAgent({ home, config, log, isolation: await findIsolation() });
  await finishRun(agent, chosen);
  const summary = await summariseRun(chosen);
  if (flags.json) await writeJson(flags.json, summary);
  process.stdout.write(`${describeSummary(summary)}\n`);
  tellOutcome(summary);
}

export async function finishRun(agent: Agent, run: RunFolder): Promise<void> {
  const stop = stopSignal();
  const progress = followProgress(run);
  try {
    await agent.finish(run, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('Stopping at the next checkpoint. The same command goes on from there.\n');
    process.exitCode = exitCode('waiting');
  } finally {
    progress.stop();
    await agent.stop();
    stop.release();
  }
}

async function readWanted(flags: RunFlags, unfinished: RunFolder | undefined): Promise<Wanted> {
  const {
    home: _,
    threads: __,
    json: ___,
    dryRun: ____,
    referencePolicy: _____,
    filters,
    precision,
    initFrom,
    ...named
  } = flags;
  // Filters on and float32 are what not saying it gives, too.
  const options = {
    ...named,
    ...(filters === false && { filters }),
    ...(precision === 'bfloat16' && { precision }),
  };
  if (initFrom === undefined) return { options, start: undefined };
  const { findPreset, labelsOfPreset } = await import('../presets.ts');
  const { readStartFile } = await import('../stages/train/start-weights.ts');
  const preset = findPreset(options.preset ?? unfinished?.options.preset ?? DEFAULT_RUN_OPTIONS.preset);
  const labels = options.labels ?? unfinished?.options.labels ?? labelsOfPreset(preset.name);
  const start = await readStartFile(initFrom, preset, LABEL_SCHEMES[labels].classNames.length);
  return { options: { ...options, initFrom: start.sha256 }, start };
}

/** The options of the unfinished run when the flags don't contradict them, else those of a new one. Throws RUN_OPTIONS_DIFFER, OPTION_INVALID. */
async function completeOptions({ options }: Wanted, unfinished: RunFolder | undefined): Promise<RunOptions> {
  if (!unfinished) {
    const { findPreset, labelsOfPreset } = await import('../presets.ts');
    const { name } = findPreset(options.preset ?? DEFAULT_RUN_OPTIONS.preset); // before the first stage, not in it
    return parseRunOptions({ ...DEFAULT_RUN_OPTIONS, labels: labelsOfPreset(name), ...options });
  }
  const isSame = Object.entries(options).every(
    ([key, value]) => unfinished.options[key as keyof RunOptions] === value,
  );
  if (!isSame) throw new SiteError('RUN_OPTIONS_DIFFER');
  return unfinished.options;
}

async function chooseRun(home: Home, wanted: Wanted, unfinished: RunFolder | undefined): Promise<RunFolder> {
  const options = await completeOptions(wanted, unfinished);
  const chosen = unfinished ?? (await createRun(home, options));
  if (wanted.start) {
    const { keepStartFile } = await import('../stages/train/start-weights.ts');
    await keepStartFile(chosen.folders.checkpoints, wanted.start);
  }
  if (unfinished) await takeUp(unfinished);
  return chosen;
}

async function printPlan(
  home: Home,
  options: RunOptions,
  start: StartFile | undefined,
  threads: number,
): Promise<void> {
  const { dryRun } = await import('./dry-run.ts');
  const { lines, code } = await dryRun(home, options, start, threads);
  process.stdout.write(`${lines.join('\n')}\n`);
  process.stdout.write(code ? `This run would stop: ${code}.\n` : 'Nothing stands in the way of this run.\n');
  if (code) tellOutcome({ status: 'stopped', outcome: outcomeOf({ status: 'stopped', code }), code });
}

/** A failed run gets all its attempts again. */
export async function takeUp(run: RunFolder): Promise<void> {
  const { status, ticket } = await readState(run);
  if (status !== 'failed') return;
  await changeState(run, { status: 'running', ticket: ticket + 1, failures: 0, notBefore: null, code: null });
}
