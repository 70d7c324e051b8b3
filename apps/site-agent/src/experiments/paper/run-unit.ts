import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { createSampler, spreadThreads } from '@synspine/gan';
import { publishFolder, writeJson } from '../../durable-file.ts';
import { findPreset } from '../../presets.ts';
import { DEFAULT_RUN_OPTIONS, type RunOptions } from '../../runs/run-options.ts';
import { SiteError } from '../../site-error.ts';
import { GENERATOR_FILE, type TrainOutput } from '../../stages/train/output.ts';
import { train } from '../../stages/train/run.ts';
import { openSnapshots, type SnapshotStore } from '../../stages/train/snapshots.ts';
import { type DatasetFilms, openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import { measureFullProtocol } from './full-protocol.ts';
import {
  type ClassifierKey,
  curvePoints,
  type Dataset,
  type ExperimentOptions,
  planClassifiers,
  type Unit,
} from './plan.ts';
import { measureQuality } from './quality.ts';
import {
  alternate,
  classifierRecipe,
  type LabelledSet,
  type Sample,
  trainingSets,
  trainOne,
} from './train-classifiers.ts';

export type UnitContext = {
  folder: ExperimentFolder;
  unit: Unit;
  datasets: readonly Dataset[];
  threads: number;
  signal: AbortSignal;
};

/** What is kept beside a trained generator. */
export type GeneratorFacts = TrainOutput & { secondsTrained: number };
export const FACTS_FILE = 'facts.json';

/**
 * Does what is still missing of one unit: the generator, what it is worth, and the classifiers on its images. No test film
 * has a part in any of these but in the scores of quality, which choose nothing.
 */
export async function runUnit(context: UnitContext): Promise<void> {
  const { folder, unit, datasets, threads } = context;
  initCompute(spreadThreads(findPreset(folder.options.preset), threads));
  const films = await openDataset(folder, datasets.find(({ name }) => name === unit.dataset)!);
  if (unit.generator) await prepareGenerator(context, films);
  for (const key of await classifiersOf(folder, unit)) await prepareClassifier(context, films, key);
}

/** Every classifier of a unit whose generator is trained. */
export async function classifiersOf(folder: ExperimentFolder, unit: Unit): Promise<ClassifierKey[]> {
  if (!unit.generator) return planClassifiers(unit, [], folder.options);
  const snapshots = await (await openSnapshotsOf(folder, unit)).list();
  return planClassifiers(unit, curvePoints(snapshots.map(({ imagesShown }) => imagesShown)), folder.options);
}

async function prepareClassifier(
  context: UnitContext,
  films: DatasetFilms,
  key: ClassifierKey,
): Promise<void> {
  const { folder, unit, signal } = context;
  const files = folder.unit(unit).classifier(key);
  if (existsSync(files.facts)) return;
  await mkdir(join(folder.unit(unit).path, 'classifiers'), { recursive: true, mode: 0o700 });
  const synthetic = key.imagesShown === null ? undefined : await sampleAt(context, films, key.imagesShown);
  const sets = trainingSets(key.method, films, synthetic);
  await trainOne(files, { ...sets, ...classifierRecipe(folder), seed: key.seed, signal });
}

/** The unit's generator and its quality, made unless they are there. */
async function prepareGenerator(context: UnitContext, films: DatasetFilms): Promise<void> {
  const { folder, unit } = context;
  const { preset, psi, fullProtocolImages } = folder.options;
  const { generator, quality, fullProtocol } = folder.unit(unit);
  if (!existsSync(generator)) await trainOnce(context, films);
  const isMeasured = existsSync(quality) && (fullProtocolImages === 0 || existsSync(fullProtocol));
  if (isMeasured) return;
  const weights = new Uint8Array(await readFile(join(generator, GENERATOR_FILE)));
  const sampler = createSampler(weights, findPreset(preset));
  const sample: Sample = (labels, seed) => ({ images: sampler.sample({ labels, seed, psi }), labels });
  try {
    if (!existsSync(quality)) await writeJson(quality, await measureQuality(context, films, sample));
    if (fullProtocolImages > 0 && !existsSync(fullProtocol))
      await writeJson(fullProtocol, await measureFullProtocol(context, films, sample));
  } finally {
    sampler.dispose();
  }
}

/** The images that classifiers learn from, of the generator as it was after so many images. */
async function sampleAt(
  { folder, unit }: UnitContext,
  films: DatasetFilms,
  imagesShown: number,
): Promise<LabelledSet> {
  const { preset, psi, syntheticCount } = folder.options;
  const store = await openSnapshotsOf(folder, unit);
  const snapshot = (await store.list()).find((one) => one.imagesShown === imagesShown);
  if (!snapshot) throw new SiteError('EXPERIMENT_UNFINISHED');
  const sampler = createSampler((await store.read(snapshot)).weights, findPreset(preset));
  try {
    const labels = alternate(syntheticCount, films.train.classNames.length);
    return { images: sampler.sample({ labels, seed: unit.generator!.seed, psi }), labels };
  } finally {
    sampler.dispose();
  }
}

function openSnapshotsOf(folder: ExperimentFolder, unit: Unit): Promise<SnapshotStore> {
  return openSnapshots(join(folder.unit(unit).checkpoints, 'snapshots'), async () => undefined);
}

/** As the pipeline trains, but always to the end; goes on from a checkpoint. Throws EXPERIMENT_TOO_LARGE. */
async function trainOnce({ folder, unit, threads, signal }: UnitContext, films: DatasetFilms): Promise<void> {
  const { path, generator, checkpoints } = folder.unit(unit);
  const draft = join(path, 'draft');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const started = Date.now();
  const outcome = await train({
    draft,
    guard: async () => undefined, // one process a unit
    signal,
    threads,
    report: async () => undefined,
    options: trainingOptions(folder.options, unit),
    checkpoints,
    features: folder.private.features,
    films,
    keep: 'last', // methods are compared at the same length
  });
  if (outcome.kind === 'stopped') throw new SiteError('EXPERIMENT_TOO_LARGE', outcome.code);
  const secondsTrained = (Date.now() - started) / 1_000;
  await writeJson(join(draft, FACTS_FILE), { ...outcome.output, secondsTrained });
  await publishFolder(draft, generator);
}

/** What the pipeline's training stage is asked for. */
function trainingOptions(options: ExperimentOptions, { generator }: Unit): RunOptions {
  const { preset, imagesShown, psi, precision, judgeWeight, ganLoss } = options;
  return {
    ...DEFAULT_RUN_OPTIONS,
    ...{ preset, imagesShown, psi },
    ...generator!,
    ...(precision === 'bfloat16' && { precision }),
    ...(judgeWeight !== null && generator!.loss === 'spinegan' && { judgeWeight }),
    ...(ganLoss !== null && { ganLoss }),
  };
}
