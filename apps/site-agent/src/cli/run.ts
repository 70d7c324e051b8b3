import { type Command, Option } from 'commander';
import { type Agent, startAgent } from '../agent/agent.ts';
import { readConfig } from '../config.ts';
import { writeJson } from '../durable-file.ts';
import { LABEL_SCHEME_NAMES } from '../films/label-schemes.ts';
import { type Home, openHome, readEnrolment } from '../home.ts';
import { readPolicy } from '../policy.ts';
import { createRun, listRuns, type RunFolder } from '../runs/run-folder.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../runs/run-options.ts';
import { changeState, readState } from '../runs/run-state.ts';
import { summariseRun } from '../runs/run-summary.ts';
import { SiteError } from '../site-error.ts';
import { findIsolation } from '../worker/isolation.ts';
import { findUnfinished } from './cancel.ts';
import { describeSummary } from './describe-summary.ts';
import { share, wholeNumber, withThreads } from './flags.ts';
import { followProgress } from './follow-progress.ts';
import { openLog } from './open-log.ts';
import { stopSignal } from './stop-signal.ts';

const EXIT_STOPPED = 75; // EX_TEMPFAIL of sysexits.h: try again

type RunFlags = Partial<RunOptions> & { home: string; threads?: number; json?: string };

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('Train, evaluate, audit and release; goes on with an unfinished run when there is one')
    .requiredOption('--home <dir>', 'the agent’s folder')
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
    .option('--threads <n>', 'CPU threads (all)', wholeNumber)
    .option('--json <file>', 'write the outcome as JSON')
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const config = withThreads(readConfig(), flags.threads);
  const home = await openHome(flags.home);
  await readEnrolment(home); // before hours of training, not after
  await readPolicy(home, config);
  const chosen = await chooseRun(home, flags);
  const log = openLog(home, config);
  const agent = await startAgent({ home, config, log, isolation: await findIsolation() });
  await finishRun(agent, chosen);
  const summary = await summariseRun(chosen);
  if (flags.json) await writeJson(flags.json, summary);
  process.stdout.write(`${describeSummary(summary)}\n`);
  if (summary.status === 'failed') throw new SiteError('STAGE_FAILED', summary.code ?? undefined);
}

export async function finishRun(agent: Agent, run: RunFolder): Promise<void> {
  const stop = stopSignal();
  const progress = followProgress(run);
  try {
    await agent.finish(run, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('Stopping at the next checkpoint. The same command goes on from there.\n');
    process.exitCode = EXIT_STOPPED;
  } finally {
    progress.stop();
    await agent.stop();
    stop.release();
  }
}

/** The unfinished run when its options don't contradict the flags, else a new one. */
async function chooseRun(home: Home, flags: RunFlags): Promise<RunFolder> {
  const { home: _, threads: __, json: ___, filters, ...named } = flags;
  const wanted = filters === false ? { ...named, filters } : named; // true is what not saying it gives, too
  const unfinished = await findUnfinished(await listRuns(home));
  if (!unfinished) {
    const { findPreset, labelsOfPreset } = await import('../presets.ts');
    const preset = wanted.preset ?? DEFAULT_RUN_OPTIONS.preset;
    const options = { ...DEFAULT_RUN_OPTIONS, labels: labelsOfPreset(preset), ...wanted };
    findPreset(options.preset); // before the first stage, not in it
    return createRun(home, options);
  }
  const isSame = Object.entries(wanted).every(
    ([key, value]) => unfinished.options[key as keyof RunOptions] === value,
  );
  if (!isSame) throw new SiteError('RUN_OPTIONS_DIFFER');
  await takeUp(unfinished);
  return unfinished;
}

/** A failed run gets all its attempts again. */
export async function takeUp(run: RunFolder): Promise<void> {
  const { status, ticket } = await readState(run);
  if (status !== 'failed') return;
  await changeState(run, { status: 'running', ticket: ticket + 1, failures: 0, notBefore: null, code: null });
}
