import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { CLASSIFIER_ARCHITECTURES } from '@synspine/protocol';
import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { prepareSite } from '../experiments/paper/films.ts';
import { openExperiment } from '../experiments/paper/folder.ts';
import { datasetsOf, type ExperimentOptions } from '../experiments/paper/plan.ts';
import { runExperiment } from '../experiments/paper/run-experiment.ts';
import { findSites } from '../experiments/paper/sites.ts';
import { LABEL_SCHEME_NAMES } from '../films/label-schemes.ts';
import { findIsolation } from '../worker/isolation.ts';
import { positiveNumber, share } from './flags.ts';
import { createProgressBar } from './progress-bar.ts';
import { stopSignal, tellStopped } from './stop-signal.ts';

type Flags = {
  data: string;
  out: string;
  preset: string;
  labels?: ExperimentOptions['labels'];
  imagesShown?: number;
  seeds: number;
  classifierSeeds: number;
  syntheticCount: number;
  classifier: ExperimentOptions['architecture'];
  recipe: ExperimentOptions['recipe'];
  classifierSteps?: number;
  psi: number;
  holdOut: 'own' | 'published';
  jobs: number;
};

export function addExperimentCommand(program: Command): void {
  const experiment = program
    .command('experiment')
    .description('Compare real films, GAN and SpineGAN on this site’s films');
  experiment
    .command('paper')
    .description(
      'Real, GAN, SpineGAN, real + SpineGAN: tables of AUC and quality, and a figure; goes on where it was stopped',
    )
    .requiredOption(
      '--data <dir>',
      'films with labels.csv, a folder of such sites, or VinDr-SpineXR as published',
    )
    .requiredOption('--out <dir>', 'the experiment’s folder; made when missing')
    .option('--preset <name>', 'network and schedule', 'small-32')
    .addOption(
      new Option('--labels <scheme>', 'two classes or eight (the preset’s, else two)').choices(
        LABEL_SCHEME_NAMES,
      ),
    )
    .option('--images-shown <n>', 'length of each training (the preset’s)', positiveNumber)
    .option('--seeds <n>', 'trainings of each generator', positiveNumber, 3)
    .option('--classifier-seeds <n>', 'classifiers on the images of each generator', positiveNumber, 3)
    .option('--synthetic-count <n>', 'images that a classifier sees', positiveNumber, 4_000)
    .option('--psi <share>', 'truncation of the samples, 0 to 1', share, 1)
    .addOption(
      new Option('--classifier <network>', 'what learns from the images')
        .choices(CLASSIFIER_ARCHITECTURES)
        .default('small-cnn'),
    )
    .addOption(
      new Option('--recipe <recipe>', 'how it learns: ours, or the paper’s for the large networks')
        .choices(['default', 'paper'])
        .default('default'),
    )
    .option('--classifier-steps <n>', 'of each classifier (its recipe’s)', positiveNumber)
    .addOption(
      new Option('--hold-out <whose>', 'choose the test films here, or take those of VinDr-SpineXR')
        .choices(['own', 'published'])
        .default('own'),
    )
    .option('--jobs <n>', 'trainings at a time (one a CPU)', positiveNumber, availableParallelism())
    .action(runPaper);
}

async function runPaper(flags: Flags): Promise<void> {
  const { workerEnvironment: environment, threads } = readConfig();
  const sites = await findSites(flags.data);
  const path = resolve(flags.out);
  const folder = await openExperiment(path, { data: resolve(flags.data), options: await toOptions(flags) });
  const stop = stopSignal();
  const films = createProgressBar('films');
  const units = createProgressBar('units');
  try {
    const keepPublishedHoldOut = flags.holdOut === 'published';
    for (const site of sites) {
      await prepareSite(folder, site, {
        signal: stop.signal,
        keepPublishedHoldOut,
        onProgress: films.update,
      });
      films.stop();
    }
    const datasets = datasetsOf(sites.map(({ name }) => name));
    const perJob = Math.max(1, Math.floor(threads / flags.jobs));
    const isolation = await findIsolation();
    const { signal } = stop;
    await runExperiment({
      path,
      folder,
      datasets,
      jobs: flags.jobs,
      threads: perJob,
      isolation,
      environment,
      signal,
      onProgress: units.update,
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

/** Throws OPTION_INVALID before a film is read. */
async function toOptions(flags: Flags): Promise<ExperimentOptions> {
  const { findPreset, labelsOfPreset } = await import('../presets.ts');
  const preset = findPreset(flags.preset).name;
  return {
    preset,
    labels: flags.labels ?? labelsOfPreset(preset),
    imagesShown: flags.imagesShown ?? null,
    generatorSeeds: flags.seeds,
    classifierSeeds: flags.classifierSeeds,
    syntheticCount: flags.syntheticCount,
    psi: flags.psi,
    architecture: flags.classifier,
    recipe: flags.recipe,
    classifierSteps: flags.classifierSteps ?? null,
  };
}
