import { statfs } from 'node:fs/promises';
import { createJudge, trainClassifier } from '@synspine/classifier';
import { initCompute, tf } from '@synspine/compute';
import {
  type Device,
  type GanPreset,
  imagesToShow,
  measureTraining,
  planTraining,
  spreadThreads,
  storedBytes,
  type TrainingMeasurement,
} from '@synspine/gan';
import { hideGpu } from '../config.ts';
import type { Home } from '../home.ts';
import { presetOfRun } from '../presets.ts';
import type { RunOptions } from '../runs/run-options.ts';
import type { StartFile } from '../stages/train/start-weights.ts';
import { CHECKPOINTS_A_RUN } from '../stages/train/train-generator.ts';
import { type FilmPlan, planFilms } from './plan-films.ts';

type DryRun = { lines: string[]; code: string | null };

/**
 * What a run with these options would do here, and the code that it would stop with; null: it would go through to its audit. Takes a handful
 * of training steps on noise to measure this machine. Starts no agent and writes nothing.
 */
export async function dryRun(
  home: Home,
  options: RunOptions,
  start: StartFile | undefined,
  threads: number,
): Promise<DryRun> {
  const preset = presetOfRun(options);
  const films = await planFilms(home, options.labels);
  const lines = describeFilms(films);
  if (films.code) return { lines, code: films.code };
  const trained = films.classes.filter(({ isTrained }) => isTrained);
  const classCount = trained.length;
  if (options.gpu === 'none') hideGpu();
  const { device } = initCompute(spreadThreads(preset, threads));
  if (options.gpu === 'required' && device !== 'gpu') return { lines, code: 'GPU_REQUIRED' };
  const machine: Device = device === 'gpu' ? { kind: 'a100' } : { kind: 'cpu', cores: threads };
  const ofClasses = trained.map(({ trainingFilms }) => trainingFilms);
  const imagesShown = options.imagesShown ?? imagesToShow(preset, ofClasses);
  const plan = planTraining(preset, { classCount, imagesShown, device: machine });
  const million = (n: number) => `${(n / 1e6).toFixed(2)} M`;
  lines.push(
    `network     ${preset.name}, ${preset.resolution} px: generator ${million(plan.parametersGenerator)}, discriminator ${million(plan.parametersDiscriminator)} parameters`,
    `images      ${imagesShown} to show, ${plan.gflopPerImage.toPrecision(3)} GFLOP each, ${(plan.gflopPerImage * imagesShown).toPrecision(3)} in all`,
    ...(start ? [describeStart(start)] : []),
  );
  if (plan.verdict === 'too-large-for-cpu') {
    lines.push(`time        about ${duration(plan.seconds)} on this machine: not measured`);
    return { lines, code: 'TOO_LARGE_FOR_CPU' };
  }
  const measured = await measure(preset, classCount, options, device);
  lines.push(...describeMeasurement(measured, imagesShown, threads, device));
  const disk = await describeDisk(home, preset, classCount, options, films.trainingFilms);
  return { lines: [...lines, disk.line], code: disk.isEnough ? null : 'DISK_FULL' };
}

function describeFilms({ classes, trainingFilms }: FilmPlan): string[] {
  const counts = classes.map(({ name, films, patients, isTrained }) => {
    return `${name} ${films} (${patients} patients${isTrained ? '' : ', too few: left out'})`;
  });
  return [`films       ${counts.join(', ')}; ${trainingFilms} to train on`];
}

function describeStart({ transfer }: StartFile): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return `start       from ${percent(transfer.generatorShare)} of the generator and ${percent(transfer.discriminatorShare)} of the discriminator`;
}

/** With the judge's term, where the run has one: an undecided judge costs what a trained one does. */
async function measure(
  preset: GanPreset,
  classCount: number,
  { loss, precision }: RunOptions,
  device: 'cpu' | 'gpu',
): Promise<TrainingMeasurement> {
  const how = { classCount, xla: device === 'gpu', precision };
  if (loss === 'gan') return measureTraining(preset, how);
  const labels = Uint8Array.from({ length: 8 * classCount }, (_, i) => i % classCount);
  const noise = {
    images: new Uint8Array(labels.length * preset.resolution ** 2).map((_, i) => i * 37),
    labels,
  };
  const { parameters } = await trainClassifier({
    training: noise,
    validation: noise,
    size: preset.resolution,
    classes: classCount,
    seed: 1,
    steps: 1,
  });
  const judge = createJudge(parameters);
  try {
    return await measureTraining(preset, { ...how, judge });
  } finally {
    tf.dispose(judge.parameters);
  }
}

function describeMeasurement(
  { secondsPerImage, secondsFirstStep, steps, peakBytes }: TrainingMeasurement,
  imagesShown: number,
  threads: number,
  device: 'cpu' | 'gpu',
): string[] {
  const seconds = secondsFirstStep + secondsPerImage * imagesShown;
  const speed = `${(1 / secondsPerImage).toPrecision(3)} images/s in ${steps} steps, ${device}, ${threads} threads`;
  const beside = device === 'gpu' ? ', the GPU’s own not counted' : '';
  return [
    `time        about ${duration(seconds)} to train (${speed}); judge, evaluation and audit come on top`,
    `memory      ${mebibytes(peakBytes)} at the peak of those steps${beside}`,
  ];
}

async function describeDisk(
  home: Home,
  preset: GanPreset,
  classCount: number,
  { syntheticCount }: RunOptions,
  films: number,
): Promise<{ line: string; isEnough: boolean }> {
  const { checkpoint, release } = storedBytes(preset, classCount);
  // Two checkpoints and the next one's draft, all snapshots, the films, and the images drawn, as files and packed.
  const images = (films + 2 * syntheticCount) * preset.resolution ** 2;
  const needed = 3 * checkpoint + CHECKPOINTS_A_RUN * release + images;
  const { bavail, bsize } = await statfs(home.path);
  const line = `disk        up to ${mebibytes(needed)} of ${mebibytes(bavail * bsize)} free`;
  return { line, isEnough: needed < bavail * bsize };
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.ceil(seconds / 60)} min`;
  return seconds < 48 * 3_600 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
