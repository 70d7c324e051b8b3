import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { type GanPreset, imagesToShow, planTraining, spreadThreads, type TrainingPlan } from '@synspine/gan';
import { writeJson } from '../../durable-file.ts';
import { openTrainingFilms, type TrainingFilms } from '../../films/training-films.ts';
import { findPreset } from '../../presets.ts';
import { openInceptionCache } from '../inception-cache.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { GENERATOR_FILE, PROBE_FILE, type TrainOutput } from './output.ts';
import { rankSnapshots } from './rank-snapshots.ts';
import { limitOf, selectSnapshot } from './select-snapshot.ts';
import { trainGenerator } from './train-generator.ts';

/** All that training sees. There is no home and no run folder in it, and so no way to the sealed hold-out. */
export type TrainContext = Pick<StageContext, 'draft' | 'guard' | 'signal' | 'threads' | 'report'> & {
  options: StageContext['run']['options'];
  checkpoints: string;
  /** Inception features of images that were seen before, by the hash of their pixels. */
  features: string;
  films: TrainingFilms;
};

export async function runTrain(context: StageContext): Promise<StageOutcome> {
  const { draft, guard, signal, threads, report, run } = context;
  const { options, folders } = run;
  const films = await openTrainingFilms(run);
  const { checkpoints, features } = folders;
  return train({ draft, guard, signal, threads, report, options, checkpoints, features, films });
}

/** Trains the judge, then the generator, and chooses which of its snapshots is kept. */
export async function train(context: TrainContext): Promise<StageOutcome> {
  const { draft, options, threads, films } = context;
  const preset = findPreset(options.preset);
  const { device } = initCompute(spreadThreads(preset, threads));
  const plan = planFor(context, preset, device);
  if (plan.verdict === 'too-large-for-cpu')
    return { kind: 'stopped', code: 'TOO_LARGE_FOR_CPU', output: { plan } };
  await context.report({ share: 0, etaSeconds: Math.round(plan.seconds) });
  const { snapshots, judgeAuc, stoppedAt, transfer } = await trainGenerator(context, preset);
  const inception = await openInceptionCache(context.features, context.signal);
  const candidates = await rankSnapshots({
    preset,
    options,
    films,
    snapshots,
    inception,
    report: context.report,
  });
  inception.dispose();
  const chosen = selectSnapshot(candidates, limitOf(films));
  const { weights, probe } = await snapshots.read(chosen);
  await writeFile(join(draft, GENERATOR_FILE), weights, { mode: 0o600 });
  await writeFile(join(draft, PROBE_FILE), probe, { mode: 0o600 });
  await writeJson(join(draft, 'selection.json'), { chosen, candidates, all: await snapshots.list() });
  const output: TrainOutput = { imagesShown: chosen.imagesShown, stoppedAt, judgeAuc, chosen, transfer };
  return { kind: 'done', output };
}

/** What training would take, before its first step. */
function planFor(
  { options, threads, films }: TrainContext,
  preset: GanPreset,
  device: 'cpu' | 'gpu',
): TrainingPlan {
  const imagesShown = options.imagesShown ?? imagesToShow(preset, films.train.count);
  const machine = device === 'gpu' ? ({ kind: 'a100' } as const) : ({ kind: 'cpu', cores: threads } as const);
  return planTraining(preset, { classCount: films.train.classNames.length, imagesShown, device: machine });
}
