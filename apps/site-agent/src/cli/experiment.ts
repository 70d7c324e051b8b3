import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { CLASSIFIER_ARCHITECTURES } from '@synspine/protocol';
import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { writeOnce } from '../durable-file.ts';
import { choosePreset } from '../experiments/paper/choose-preset.ts';
import { requireFeasible } from '../experiments/paper/feasible.ts';
import { prepareSite } from '../experiments/paper/films.ts';
import { knownOutside, openExperiment } from '../experiments/paper/folder.ts';
import { nameOutside, prepareAllOutside, withoutOutside } from '../experiments/paper/outside.ts';
import { datasetsOf } from '../experiments/paper/plan.ts';
import { runExperiment } from '../experiments/paper/run-experiment.ts';
import { findSites, type Site } from '../experiments/paper/sites.ts';
import { LABEL_SCHEME_NAMES } from '../films/label-schemes.ts';
import { findIsolation } from '../worker/isolation.ts';
import {
  applyPublished,
  type ExperimentFlags,
  readDensenetWeights,
  toExperimentOptions,
} from './experiment-options.ts';
import { positiveNumber, positiveShare, share, wholeNumber } from './flags.ts';
import { createProgressBar } from './progress-bar.ts';
import { stopSignal, tellStopped } from './stop-signal.ts';

export function addExperimentCommand(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('Compare real films, GAN and SpineGAN on this site’s films');
  const paper = experiment
    .command('paper')
    .description(
      'Real, GAN, SpineGAN, real + SpineGAN: tables of AUC and quality, and a figure; goes on where it was stopped',
    )
    .requiredOption(
      '--data <dir>',
      'films with labels.csv, a folder of such sites, or VinDr-SpineXR as published',
    )
    .requiredOption('--out <dir>', 'the experiment’s folder; made when missing')
    .option(
      '--outside <dir>',
      'films with labels that nothing is trained or tuned on, to score every classifier on; repeatable',
      (dir: string, before: string[]) => [...before, dir],
      [] as string[],
    )
    .option('--as-published', 'the paper’s settings, where no other flag says otherwise; for a GPU')
    .option('--pooled-only', 'all sites together only, not each by itself')
    .addOption(
      new Option('--labels <scheme>', 'two classes or eight (the preset’s, else two)').choices(
        LABEL_SCHEME_NAMES,
      ),
    )
    .addOption(
      new Option('--fit <fit>', 'how a film becomes a square; the paper cuts out the centre')
        .choices(['squeeze', 'centre-square', 'letterbox'])
        .default('squeeze'),
    )
    .addOption(
      new Option('--hold-out <whose>', 'choose the test films here, or take those of VinDr-SpineXR')
        .choices(['own', 'published'])
        .default('own'),
    )
    .option('--jobs <n>', 'trainings at a time (one a CPU)', positiveNumber, availableParallelism());
  addGeneratorOptions(paper);
  addClassifierOptions(paper);
  paper.action(runPaper);
}

function addGeneratorOptions(paper: Command): void {
  paper
    .option('--preset <name>', 'network and schedule (what this machine is fit for with these films)')
    .option('--images-shown <n>', 'length of each training (the preset’s)', positiveNumber)
    .option('--seeds <n>', 'trainings of each generator', positiveNumber, 3)
    .option('--psi <share>', 'truncation of the samples, 0 to 1', share, 1)
    .option('--judge-weight <weight>', 'λ of SpineGAN’s judge, above 0 to 1 (the preset’s)', positiveShare)
    .addOption(
      new Option('--gan-loss <loss>', 'what generator and discriminator play for (the preset’s)').choices([
        'logistic',
        'relativistic',
      ]),
    )
    .addOption(
      new Option('--precision <precision>', 'of the generators’ training (what fits, without --preset)')
        .choices(['float32', 'bfloat16'])
        .default('float32'),
    )
    .option(
      '--full-protocol-images <n>',
      'also score as NVIDIA does: so many images against all training films; 0 does not',
      wholeNumber,
      0,
    );
}

function addClassifierOptions(paper: Command): void {
  paper
    .option('--classifier-seeds <n>', 'classifiers on the images of each generator', positiveNumber, 3)
    .option('--synthetic-count <n>', 'images that a classifier sees', positiveNumber, 4_000)
    .addOption(
      new Option('--classifier <network>', 'what learns from the images')
        .choices(CLASSIFIER_ARCHITECTURES)
        .default('small-cnn'),
    )
    .addOption(
      new Option(
        '--recipe <recipe>',
        'how it learns: ours, the paper’s without flips, or the paper’s as published',
      )
        .choices(['default', 'paper', 'published'])
        .default('default'),
    )
    .option('--densenet-weights <file>', 'torchvision’s ImageNet weights of DenseNet-121 (safetensors)')
    .option('--classifier-steps <n>', 'of each classifier (its recipe’s)', positiveNumber);
}

/** The flags, with the preset that they don't name and, where they don't name it either, its precision. */
async function withPreset(flags: ExperimentFlags, command: Command, path: string, sites: readonly Site[]) {
  const { text, preset, precision } = await choosePreset(path, sites, readConfig());
  if (text) process.stdout.write(`${text}\n`);
  const isGiven = command.getOptionValueSource('precision') === 'cli';
  return { ...flags, preset, precision: isGiven ? flags.precision : precision };
}

async function runPaper(given: ExperimentFlags, command: Command): Promise<void> {
  const { workerEnvironment: environment, threads } = readConfig();
  const flags = await applyPublished(given, command);
  const weights = await readDensenetWeights(flags);
  const { preset } = flags;
  const asked = preset === undefined ? undefined : await toExperimentOptions({ ...flags, preset }, weights);
  if (asked && flags.asPublished) await requireFeasible(asked, threads);
  const path = resolve(flags.out);
  const outside = await nameOutside(await knownOutside(path), flags.outside);
  const sites = await withoutOutside(await findSites(flags.data), outside);
  const options =
    asked ?? (await toExperimentOptions(await withPreset(flags, command, path, sites), weights));
  const names = sites.map(({ name }) => name);
  const folder = await openExperiment(path, { data: resolve(flags.data), options, sites: names, outside });
  if (weights) await writeOnce(folder.private.densenetWeights, weights.bytes);
  const stop = stopSignal();
  const { signal } = stop;
  const films = createProgressBar('films');
  const units = createProgressBar('units');
  const reading = { signal, onProgress: films.update };
  try {
    const keepPublishedHoldOut = flags.holdOut === 'published';
    for (const site of sites) {
      await prepareSite(folder, site, { ...reading, keepPublishedHoldOut });
      films.stop();
    }
    const datasets = datasetsOf(names, options.pooledOnly);
    await runExperiment({
      ...{ path, folder, datasets, environment, signal },
      jobs: flags.jobs,
      threads: Math.max(1, Math.floor(threads / flags.jobs)),
      isolation: await findIsolation(),
      onProgress: units.update,
      prepareOutside: () => prepareAllOutside(folder, datasets, outside, reading),
    });
    process.stdout.write(`Tables and figures are in ${folder.results}\n`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    tellStopped();
  } finally {
    films.stop();
    units.stop();
    stop.release();
  }
}
