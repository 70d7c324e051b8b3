import { join } from 'node:path';
import { createJudge } from '@synspine/classifier';
import { initCompute, tf } from '@synspine/compute';
import {
  type Checkpoint,
  createSampler,
  estimateSecondsLeft,
  type GanPreset,
  generatorWeights,
  imagesToShow,
  judgeFacts,
  planTransfer,
  type TrainingProgress,
  type Transfer,
  trainGan,
  type Warning,
} from '@synspine/gan';
import { writeDurably } from '../../durable-file.ts';
import { filmsOfClasses } from '../../films/film-set.ts';
import { PROBE_COLUMNS, takeProbe } from '../generator-probe.ts';
import { encodeGrid } from '../sample-grid.ts';
import { openCheckpoints } from './checkpoints.ts';
import { type PixelSignal, pixelSignal } from './copy-share.ts';
import type { TrainContext } from './run.ts';
import { limitOf } from './select-snapshot.ts';
import { openSnapshots, type Snapshot, type SnapshotStore } from './snapshots.ts';
import { openStart } from './start-weights.ts';
import { toLabelled, trainJudge } from './train-judge.ts';

export const CHECKPOINTS_A_RUN = 16;
const CHECKPOINT_IMAGES_MIN = 480; // a checkpoint and its snapshot cost seconds
/** Of the stage's progress; the rest is choosing a snapshot. */
export const TRAINING_SHARE = 0.9;
const COPY_CHECK_IMAGES = 256; // SE .03 of the share
const COPYING_CHECKS = 3; // in a row; then training on only makes it worse
const COPY_SHARE_MARGIN = 0.03; // ended only when none of the last snapshots would be chosen
const JUDGED_FROM_IMAGES = 5_000;

export type TrainedGenerator = {
  snapshots: SnapshotStore;
  judgeAuc: number | null;
  stoppedAt: number;
  /** What was taken over from the weights that the run started from; null where it started from none. */
  transfer: Transfer | null;
};

/** How many images the training is to show: as asked for, or what the preset makes of the films. */
export function imagesPlanned({ options, films }: TrainContext, preset: GanPreset): number {
  return options.imagesShown ?? imagesToShow(preset, filmsOfClasses(films.train));
}

/** Trains the generator from its last checkpoint on, if there is one, and keeps a snapshot at each checkpoint. */
export async function trainGenerator(context: TrainContext, preset: GanPreset): Promise<TrainedGenerator> {
  const { options, films, checkpoints: folder, guard, tellDamage } = context;
  const checkpoints = await openCheckpoints(folder, guard, tellDamage);
  const snapshots = await openSnapshots(join(folder, 'snapshots'), guard, tellDamage);
  const trained = options.loss === 'spinegan' ? await trainJudge(context) : undefined;
  const judge = trained && createJudge(trained.parameters);
  const imagesShown = imagesPlanned(context, preset);
  const resume = await checkpoints.latest(preset);
  const startFrom = await openStart(folder, options.initFrom, preset);
  const transfer = startFrom ? planTransfer(startFrom, preset, films.train.classNames.length) : null;
  const enough = new AbortController(); // raised when the snapshots begin to copy
  const progress = createReporter(context, resume?.imagesShown ?? 0);
  const copySignal = pixelSignal(films, preset.resolution);
  const onCheckpoint = async (checkpoint: Checkpoint) => {
    await progress.flush();
    await keepSnapshot(context, preset, checkpoint, { snapshots, copySignal });
    await checkpoints.save(checkpoint);
    const mayCopy = context.keep === 'last';
    if (!mayCopy && hasTurned(await snapshots.list(), limitOf(films))) enough.abort();
  };
  try {
    const result = await trainGan({
      preset,
      ...toLabelled(films.train),
      classNames: [...films.train.classNames],
      validation: toLabelled(films.validation),
      judge,
      lambda: options.judgeWeight,
      seed: options.seed,
      imagesShown,
      xla: initCompute().device === 'gpu', // on a CPU it compiles for half a minute and then is no faster
      precision: options.precision,
      resume,
      startFrom,
      onProgress: progress.report,
      onCheckpoint,
      signal: AbortSignal.any([context.signal, enough.signal, progress.failed]),
      checkpointEvery: checkpointInterval(preset, imagesShown),
    });
    await progress.flush();
    context.signal.throwIfAborted();
    const stoppedAt = result.checkpoint.imagesShown;
    return { snapshots, judgeAuc: trained?.validationAuc ?? null, stoppedAt, transfer };
  } finally {
    if (judge) tf.dispose(judge.parameters);
  }
}

/** In images, a multiple of the batch. */
function checkpointInterval({ batch }: GanPreset, imagesShown: number): number {
  const wanted = Math.max(CHECKPOINT_IMAGES_MIN, imagesShown / CHECKPOINTS_A_RUN);
  return Math.ceil(wanted / batch) * batch;
}

async function keepSnapshot(
  context: TrainContext,
  preset: GanPreset,
  checkpoint: Checkpoint,
  { snapshots, copySignal }: { snapshots: SnapshotStore; copySignal: PixelSignal },
): Promise<void> {
  const { films, options, guard, checkpoints } = context;
  const weights = generatorWeights(checkpoint);
  const labels = Uint8Array.from(
    { length: COPY_CHECK_IMAGES },
    (_, i) => films.train.labels[i % films.train.count]!,
  );
  const sampler = createSampler(weights, preset);
  const images = sampler.sample({ labels, seed: options.seed + checkpoint.step, psi: options.psi });
  const probe = takeProbe(sampler);
  sampler.dispose();
  const copySharePixels = copySignal(images);
  const grid = await encodeGrid(probe, preset.resolution, PROBE_COLUMNS);
  await writeDurably(join(checkpoints, 'snapshots', `grid-${checkpoint.imagesShown}.png`), grid, { guard });
  const judge = options.loss === 'spinegan' ? judgeFacts(checkpoint) : null;
  const { imagesShown } = checkpoint;
  await snapshots.add({ imagesShown, copySharePixels, judge }, { weights, probe });
}

/**
 * Whether the last snapshots, one after another, lay nearer to training than the audit will allow. What lies near an
 * untrained generator's images is chance, so early snapshots don't count.
 */
export function hasTurned(snapshots: readonly Snapshot[], limit: number): boolean {
  const last = snapshots.slice(-COPYING_CHECKS);
  const isLate =
    last.length === COPYING_CHECKS && last.every(({ imagesShown }) => imagesShown >= JUDGED_FROM_IMAGES);
  return isLate && last.every(({ copySharePixels }) => copySharePixels > limit + COPY_SHARE_MARGIN);
}

/** Writes progress lines in order; the training itself isn't held up. A failed line (an outdated claim) ends it. */
function createReporter(context: TrainContext, imagesAtStart: number) {
  const failed = new AbortController();
  const startedAt = Date.now();
  let last: Promise<void> = Promise.resolve();
  const write = async (progress: TrainingProgress) => {
    const { imagesShown, imagesTotal } = progress;
    const secondsElapsed = (Date.now() - startedAt) / 1_000;
    const eta = estimateSecondsLeft({ imagesAtStart, imagesShown, imagesTotal, secondsElapsed });
    const values = { ...numbersOf(progress), ...countWarnings(progress.warnings) };
    await context.report({
      share: (TRAINING_SHARE * imagesShown) / imagesTotal,
      etaSeconds: Math.round(eta ?? 0),
      values,
    });
  };
  return {
    failed: failed.signal,
    report: (progress: TrainingProgress) => {
      last = last.then(() => write(progress));
      last.catch((error: unknown) => failed.abort(error));
    },
    flush: () => last,
  };
}

/** How many warnings of each kind there are: of mode collapse, one for each class. */
export function countWarnings(warnings: readonly Warning[]): Record<string, number> {
  const count = (wanted: Warning['code']) => warnings.filter(({ code }) => code === wanted).length;
  return {
    warnedOfModeCollapse: count('mode-collapse'),
    warnedOfOverfitting: count('discriminator-overfit'),
  };
}

function numbersOf(progress: TrainingProgress): Record<string, number> {
  const entries = Object.entries(progress).filter(
    ([, value]) => typeof value === 'number' && Number.isFinite(value),
  );
  return Object.fromEntries(entries) as Record<string, number>;
}
