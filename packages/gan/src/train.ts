import type { Precision } from '@synspine/compute';
import type { LabelledImages } from './batches.ts';
import type { Checkpoint } from './checkpoint.ts';
import { GanError } from './errors.ts';
import type { DomainJudge } from './judge.ts';
import type { GanPreset } from './presets.ts';
import { countJudged, isDue, nextLambda, scheduledLambda, smoothAccuracy } from './schedule.ts';
import { type Attempt, inMoreParts, type Run, startRun } from './start-run.ts';
import { downloadState } from './state.ts';
import type { StatValues } from './trainer.ts';
import type { StartWeights } from './transfer.ts';
import { inspect, overfitting, type Warning } from './watchdog.ts';

export type TrainingProgress = Omit<StatValues, 'judgeAccuracy'> & {
  imagesShown: number;
  imagesTotal: number;
  step: number;
  imagesAtOnce: number; // the preset's batch, or a part of it where memory ran out
  augmentP: number;
  lambda: number;
  /** r_v: 0 good, towards 1 the discriminator knows its training films by heart. NaN until it was first measured. */
  overfitting: number;
  judgeAccuracy: number | null; // on fakes, smoothed; null before the judge's term began
  /** The judge on held-out films; null without a judge. Fakes above it: the term has stopped teaching anatomy. */
  judgeAccuracyHeldOut: number | null;
  warnings: Warning[];
};

export type TrainingOptions = {
  preset: GanPreset;
  images: Uint8Array; // n·size·size
  labels: Uint8Array; // n class indices
  classNames: string[];
  validation: LabelledImages; // for r_v and λ only: no gradient ever sees it
  judge?: DomainJudge; // absent: a plain GAN
  lambda?: number; // the judge's final weight; default: the preset's
  seed: number;
  imagesShown: number;
  xla: boolean; // ~15 s of compilation, then faster steps
  precision?: Precision; // of convolutions and products, where the machine can; default float32
  resume?: Checkpoint;
  startFrom?: StartWeights; // instead of random weights; without effect on a resumed run
  onProgress(progress: TrainingProgress): void;
  onCheckpoint(checkpoint: Checkpoint): void | Promise<void>;
  signal?: AbortSignal;
  checkpointEvery: number; // images
};

export type TrainingResult = { status: 'finished' | 'aborted'; checkpoint: Checkpoint };

const progressEverySteps = 50; // a read waits for the device
const monitorEverySteps = 250; // three more passes of the discriminator

async function takeCheckpoint(run: Run): Promise<Checkpoint> {
  const { preset, classNames, seed } = run.options;
  const tensors = await downloadState(run.state);
  const finite = Object.values(tensors).every(({ data }) => data.every(Number.isFinite));
  if (!finite) throw nonFinite(run);
  const parts = run.parts > 1 ? { parts: run.parts } : {};
  return { preset, classNames, seed, ...run.counters, ...parts, tensors };
}

function nonFinite(run: Run): GanError {
  return new GanError(
    'gan-non-finite',
    `Training diverged near image ${run.counters.imagesShown}. Go on from the last checkpoint with a lower learning rate or another seed.`,
    run.lastCheckpoint,
  );
}

async function saveCheckpoint(run: Run): Promise<Checkpoint> {
  const checkpoint = await takeCheckpoint(run);
  await run.options.onCheckpoint(checkpoint);
  run.lastCheckpoint = checkpoint;
  return checkpoint;
}

async function report(run: Run): Promise<void> {
  const { options, counters, trainer } = run;
  const stats = await trainer.readStats();
  if (!Object.values(stats).every(Number.isFinite)) throw nonFinite(run);
  if (isDue(counters.step, monitorEverySteps)) run.reading = await trainer.readMonitor(counters.step);
  const [augmentP] = await run.state.augment.data();
  options.onProgress({
    ...stats,
    ...counters,
    imagesTotal: options.imagesShown,
    imagesAtOnce: options.preset.batch / run.parts,
    augmentP: augmentP!,
    overfitting: run.reading ? overfitting(run.reading) : Number.NaN,
    judgeAccuracyHeldOut: run.judgeAccuracyHeldOut,
    warnings: run.reading ? inspect(run.reading, options.classNames) : [],
  });
  noteAccuracy(run, stats.judgeAccuracy);
}

function noteAccuracy({ counters, judgeAccuracyHeldOut }: Run, batchAccuracy: number): void {
  if (judgeAccuracyHeldOut === null || counters.lambda === 0) return;
  counters.judgeAccuracy = smoothAccuracy(counters.judgeAccuracy, batchAccuracy);
}

/** Sets λ before each step, from counters alone, so that a resumed run has the same one, and a short run has one at all. */
function raiseLambda({ options, counters, judgeAccuracyHeldOut }: Run): void {
  if (judgeAccuracyHeldOut === null) return;
  const { preset, lambda = preset.judge.lambda, imagesShown } = options;
  const scheduled = scheduledLambda(preset.judge, lambda, counters.imagesShown / imagesShown);
  counters.lambda = nextLambda(counters.lambda, scheduled, counters.judgeAccuracy ?? 0, judgeAccuracyHeldOut);
  counters.judged = countJudged(counters.judged, counters.lambda, scheduled);
}

/** Lets messages, signals and an abort through between steps. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function runSteps(run: Run): Promise<TrainingResult> {
  const { options, counters, trainer } = run;
  const { batch } = options.preset;
  while (counters.imagesShown < options.imagesShown) {
    if (options.signal?.aborted) return { status: 'aborted', checkpoint: await saveCheckpoint(run) };
    raiseLambda(run);
    trainer.step(counters);
    counters.step += 1;
    counters.imagesShown += batch;
    if (isDue(counters.step, progressEverySteps)) await report(run);
    const due = counters.imagesShown % options.checkpointEvery < batch;
    if (due && counters.imagesShown < options.imagesShown) await saveCheckpoint(run);
    await breathe();
  }
  return { status: 'finished', checkpoint: await saveCheckpoint(run) };
}

/**
 * Trains SpineGAN (with a judge) or a conditional StyleGAN2 (without) until `imagesShown` images were shown, from the start or from
 * `resume`. A run cut anywhere and resumed from its checkpoint on a CPU with as many threads gives the same bytes as one that wasn't. `initCompute` must have run.
 * The last checkpoint is passed to `onCheckpoint` and returned. Where memory runs out, training goes back to the last checkpoint and on
 * with the same batch in twice as many parts, one after the other, with the warning SYNSPINE_BATCH_IN_PARTS.
 * Errors: gan-non-finite (with the last good checkpoint), gan-out-of-memory (likewise), gan-bad-data, gan-empty-class,
 * gan-checkpoint-mismatch, gan-other-network.
 */
export async function trainGan(options: TrainingOptions): Promise<TrainingResult> {
  let attempt: Attempt = { parts: options.resume?.parts ?? 1, resume: options.resume };
  for (;;) {
    let run: Run | undefined;
    try {
      run = await startRun(options, attempt);
      return await runSteps(run);
    } catch (error) {
      attempt = inMoreParts(options, attempt, run?.lastCheckpoint ?? attempt.resume, error);
    } finally {
      run?.trainer.dispose();
    }
  }
}
