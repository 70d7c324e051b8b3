import addCompletion from '@bomb.sh/tab/commander';
import { initCompute } from '@synspine/compute';
import { exitCode, tolerateClosedPipe } from '@synspine/protocol';
import { Command, InvalidArgumentError } from 'commander';
import { type Config, readConfig } from './config.ts';
import { describeFailure } from './describe-failure.ts';
import { openHome } from './home.ts';
import { createLog } from './log.ts';
import { enrol, openSession } from './registry-session.ts';
import { type PassOutcome, runPasses } from './run-pass.ts';
import { describeSetting } from './training/training-setting.ts';
import { BENCHMARK_VERSION } from './version.ts';

/** The command line. Sets the process's exit code, one of EXIT_CODES. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipe();
  try {
    await createProgram(readConfig()).parseAsync([...argv]);
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.text !== '') process.stderr.write(`synspine-benchmark: ${failure.text}\n`);
    process.exitCode = failure.exitCode;
  }
}

function createProgram(config: Config): Command {
  const program = new Command('synspine-benchmark')
    .description(
      'Trains classifiers on released synthetic films and merges the scores they reach at the hospitals',
    )
    .version(BENCHMARK_VERSION)
    .exitOverride();
  program
    .command('enrol')
    .description('Register at a registry with a one-time code; keys are made here and never leave the home')
    .requiredOption('--registry <url>', 'the registry’s address')
    .requiredOption('--code <code>', 'the one-time code that the registry’s admin was shown')
    .requiredOption('--home <dir>', 'the benchmark’s folder')
    .action(enrolCommand);
  program
    .command('run')
    .description('Train on the newest data sets, publish classifiers, merge scores; again and again')
    .requiredOption('--home <dir>', 'the benchmark’s folder')
    .option('--once', 'one pass, then end', false)
    .option('--wait <seconds>', 'with --once: how long to wait for the sites’ answers', readSeconds, 0)
    .action((options: RunCommandOptions) => runCommand(config, options));
  addCompletion(program);
  return program;
}

async function enrolCommand(options: { registry: string; code: string; home: string }): Promise<void> {
  const { clientId } = await enrol(await openHome(options.home), options.registry, options.code);
  process.stdout.write(`Enrolled as ${clientId}.\n`);
}

type RunCommandOptions = { home: string; once: boolean; wait: number };

async function runCommand(config: Config, { home: folder, once, wait }: RunCommandOptions): Promise<void> {
  const home = await openHome(folder);
  const session = await openSession(home);
  const { device } = initCompute({ threads: config.threads });
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const training = describeSetting(config.architecture, config.recipe);
  const { threads } = config;
  const deps = {
    home,
    session,
    log: createLog(config.logLevel),
    signal: stop.signal,
    threads,
    training,
    device,
  };
  const outcome = await runPasses(deps, { once, waitMs: wait * 1_000, pollMs: config.pollMs });
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  if (!outcome) return;
  process.stdout.write(`${describeOutcome(outcome)}\n`);
  if (outcome.releases > 0) return;
  process.stderr.write(
    'synspine-benchmark: There is no data set to train on. Wait until a site has released one.\n',
  );
  process.exitCode = exitCode('nothing');
}

function describeOutcome({ verified, releases, refused, classifiers, cells, open }: PassOutcome): string {
  const { published, quarantined } = verified;
  const looked =
    published + quarantined > 0 ? `${published} releases verified, ${quarantined} quarantined.\n` : '';
  return (
    looked +
    `${releases} data sets used, ${refused} refused; ${classifiers} classifiers published; ` +
    `${cells} cells in the matrix; ${open} answers of sites still open.`
  );
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0)) throw new InvalidArgumentError('expected a number of seconds');
  return seconds;
}
