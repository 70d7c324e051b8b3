import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { installedPretrained, RECIPES } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import { createSampler, spreadThreads } from '@synspine/gan';
import { publishFolder, writeJson } from '../../durable-file.ts';
import { findPreset } from '../../presets.ts';
import { DEFAULT_RUN_OPTIONS } from '../../runs/run-options.ts';
import { SiteError } from '../../site-error.ts';
import { GENERATOR_FILE, type TrainOutput } from '../../stages/train/output.ts';
import { train } from '../../stages/train/run.ts';
import { type DatasetFilms, openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import { type Dataset, type ExperimentOptions, methodsOf, POOLED, seedsOf, type Unit } from './plan.ts';
import { measureQuality } from './quality.ts';
import { type LabelledSet, scoreClassifier, trainingSets } from './score-classifier.ts';

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

/** Does what is still missing of one unit: the generator, what it is worth, and the classifiers on its images. */
export async function runUnit(context: UnitContext): Promise<void> {
  const { folder, unit, datasets, threads, signal } = context;
  const { preset, classifierSeeds } = folder.options;
  initCompute(spreadThreads(findPreset(preset), threads));
  const films = await openDataset(folder, datasets.find(({ name }) => name === unit.dataset)!);
  const everyone = datasets.find(({ name }) => name === POOLED) ?? datasets[0]!;
  const { holdOut } = await openDataset(folder, everyone);
  const synthetic = unit.generator ? await prepareGenerator(context, films) : undefined;
  const classifier = classifierOf(folder.options);
  for (const method of methodsOf(unit)) {
    const sets = trainingSets(method, films, synthetic);
    for (const seed of seedsOf(classifierSeeds)) {
      const path = folder.unit(unit).scores(method, seed);
      if (existsSync(path)) continue;
      await writeJson(path, await scoreClassifier({ ...sets, holdOut, ...classifier, seed, signal }));
    }
  }
}

function classifierOf({ architecture, recipe, classifierSteps }: ExperimentOptions) {
  const pretrained = installedPretrained(architecture);
  return { architecture, recipe: RECIPES[recipe], steps: classifierSteps ?? undefined, pretrained };
}

/** The unit's generator and its quality, made unless they are there. → the images that its classifiers see. */
async function prepareGenerator(context: UnitContext, films: DatasetFilms): Promise<LabelledSet> {
  const { folder, unit } = context;
  const { preset, syntheticCount, psi } = folder.options;
  const { generator, quality } = folder.unit(unit);
  if (!existsSync(generator)) await trainOnce(context, films);
  const sampler = createSampler(
    new Uint8Array(await readFile(join(generator, GENERATOR_FILE))),
    findPreset(preset),
  );
  const sample: Sample = (labels, seed) => ({ images: sampler.sample({ labels, seed, psi }), labels });
  try {
    if (!existsSync(quality)) await writeJson(quality, await measureQuality(context, films, sample));
    return sample(alternate(syntheticCount, films.train.classNames.length), unit.generator!.seed);
  } finally {
    sampler.dispose();
  }
}

export type Sample = (labels: Uint8Array, seed: number) => LabelledSet;

/** 0, 1, …, 0, 1, … */
function alternate(count: number, classes: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => i % classes);
}

/** As the pipeline trains, but always to the end; goes on from a checkpoint. Throws EXPERIMENT_TOO_LARGE. */
async function trainOnce({ folder, unit, threads, signal }: UnitContext, films: DatasetFilms): Promise<void> {
  const { preset, imagesShown, psi } = folder.options;
  const { path, generator } = folder.unit(unit);
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
    options: { ...DEFAULT_RUN_OPTIONS, preset, imagesShown, psi, ...unit.generator! },
    checkpoints: join(path, 'checkpoints'),
    features: folder.private.features,
    films,
    keep: 'last', // methods are compared at the same length
  });
  if (outcome.kind === 'stopped') throw new SiteError('EXPERIMENT_TOO_LARGE', outcome.code);
  const secondsTrained = (Date.now() - started) / 1_000;
  await writeJson(join(draft, FACTS_FILE), { ...outcome.output, secondsTrained });
  await publishFolder(draft, generator);
}
