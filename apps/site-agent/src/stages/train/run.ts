import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import { type GanPreset, planTraining, spreadThreads, type TrainingPlan } from '@synspine/gan';
import type { TrainingCurve } from '@synspine/protocol';
import { writeJson } from '../../durable-file.ts';
import { openTrainingFilms, type TrainingFilms } from '../../films/training-films.ts';
import { presetOfRun } from '../../presets.ts';
import { appendDamage, type TellDamage } from '../../runs/damage.ts';
import { SiteError } from '../../site-error.ts';
import { openInceptionCache } from '../inception-cache.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { measureCurve } from './measure-curve.ts';
import { GENERATOR_FILE, PROBE_FILE, type TrainOutput } from './output.ts';
import { rankSnapshots } from './rank-snapshots.ts';
import { type Candidate, limitOf, requireJudged, selectSnapshot } from './select-snapshot.ts';
import type { Snapshot, SnapshotStore } from './snapshots.ts';
import { imagesPlanned, trainGenerator } from './train-generator.ts';

/** All that training sees. There is no home and no run folder in it, and so no way to the sealed hold-out. */
export type TrainContext = Pick<StageContext, 'draft' | 'guard' | 'signal' | 'threads' | 'report'> & {
  options: StageContext['run']['options'];
  checkpoints: string;
  /** Inception features of images that were seen before, by the hash of their pixels. */
  features: string;
  films: TrainingFilms;
  /**
   * Which generator: the one fit for release, where training also ends once its images begin to copy; or the one at the
   * end of a training of full length, for comparisons that stay at the site.
   */
  keep: 'for-release' | 'last';
  tellDamage?: TellDamage;
};

export async function runTrain(context: StageContext): Promise<StageOutcome> {
  const { draft, guard, signal, threads, report, run } = context;
  const { options, folders } = run;
  const films = await openTrainingFilms(run);
  const { checkpoints, features } = folders;
  const tellDamage: TellDamage = (code) => appendDamage(run, 'train', code);
  const given = { draft, guard, signal, threads, report, options, checkpoints, features, films };
  return train({ ...given, keep: 'for-release', tellDamage });
}

/** Trains the judge, then the generator, and keeps one of its snapshots. */
export async function train(context: TrainContext): Promise<StageOutcome> {
  const { draft, options, threads } = context;
  const preset = presetOfRun(options);
  const { device } = initCompute(spreadThreads(preset, threads));
  if (options.gpu === 'required' && device !== 'gpu') throw new SiteError('GPU_REQUIRED');
  const plan = planFor(context, preset, device);
  if (plan.verdict === 'too-large-for-cpu')
    return { kind: 'stopped', code: 'TOO_LARGE_FOR_CPU', output: { plan } };
  await context.report({ share: 0, etaSeconds: Math.round(plan.seconds) });
  const { snapshots, judgeAuc, stoppedAt, transfer } = await trainGenerator(context, preset);
  await snapshots.check();
  const { chosen, candidates, curve } = await choose(context, preset, snapshots);
  requireJudged(options.loss, chosen);
  const { weights, probe } = await snapshots.read(chosen);
  await writeFile(join(draft, GENERATOR_FILE), weights, { mode: 0o600 });
  await writeFile(join(draft, PROBE_FILE), probe, { mode: 0o600 });
  await writeJson(join(draft, 'selection.json'), { chosen, candidates, all: await snapshots.list() });
  const output: TrainOutput = {
    ...{ imagesShown: chosen.imagesShown, imagesPlanned: imagesPlanned(context, preset), stoppedAt },
    ...{ judgeAuc, chosen, presetVersion: preset.version, curve, transfer },
  };
  return { kind: 'done', output };
}

async function choose(
  { keep, options, films, features, signal, report }: TrainContext,
  preset: GanPreset,
  snapshots: SnapshotStore,
): Promise<{ chosen: Snapshot; candidates: Candidate[]; curve: TrainingCurve | null }> {
  if (keep === 'last') return { chosen: (await snapshots.list()).at(-1)!, candidates: [], curve: null };
  const inception = await openInceptionCache(features, signal);
  const measuring = { preset, options, films, snapshots, inception, report };
  const candidates = await rankSnapshots(measuring);
  const curve = await measureCurve(measuring, candidates);
  inception.dispose();
  return { chosen: selectSnapshot(candidates, limitOf(films)), candidates, curve };
}

/** What training would take, before its first step. */
function planFor(context: TrainContext, preset: GanPreset, device: 'cpu' | 'gpu'): TrainingPlan {
  const { threads, films } = context;
  const imagesShown = imagesPlanned(context, preset);
  const machine = device === 'gpu' ? ({ kind: 'a100' } as const) : ({ kind: 'cpu', cores: threads } as const);
  return planTraining(preset, { classCount: films.train.classNames.length, imagesShown, device: machine });
}
