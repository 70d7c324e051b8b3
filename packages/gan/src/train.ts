import { ComputeError, compile, tf } from '@synspine/compute';
import { createPool, type ImagePool, type LabelledImages, requireEveryClass, toTensors } from './batches.ts';
import { type Checkpoint, requirePreset } from './checkpoint.ts';
import { GanError } from './errors.ts';
import { accuracy, type DomainJudge } from './judge.ts';
import type { GanPreset } from './presets.ts';
import { isDue, nextLambda, scheduledLambda, smoothAccuracy } from './schedule.ts';
import { createState, downloadState, type TrainingState, uploadState } from './state.ts';
import { createTrainer, type StatValues } from './trainer.ts';
import { inspect, type MonitorReading, overfitting, type Warning } from './watchdog.ts';

export type TrainingProgress = Omit<StatValues, 'judgeAccuracy'> & {
  imagesShown: number;
  imagesTotal: number;
  step: number;
  batch: number; // images a step: the preset's, or less where memory ran out
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
  resume?: Checkpoint;
  onProgress(progress: TrainingProgress): void;
  onCheckpoint(checkpoint: Checkpoint): void | Promise<void>;
  signal?: AbortSignal;
  checkpointEvery: number; // images
};

export type TrainingResult = { status: 'finished' | 'aborted'; checkpoint: Checkpoint };

const progressEverySteps = 50; // a read waits for the device
const monitorEverySteps = 250; // three more passes of the discriminator

type Counters = Pick<Checkpoint, 'step' | 'imagesShown' | 'lambda' | 'judgeAccuracy'>;

type Run = {
  options: TrainingOptions;
  counters: Counters;
  state: TrainingState;
  trainer: ReturnType<typeof createTrainer>;
  reading: MonitorReading | null;
  judgeAccuracyHeldOut: number | null;
  lastCheckpoint: Checkpoint | undefined;
};

/** The frozen judge's accuracy on the validation films, in batches of the preset's size. */
function judgeHeldOut(judge: DomainJudge, pool: ImagePool, batch: number): number {
  const measure = compile(
    (p: Record<string, tf.Tensor>, images: tf.Tensor4D, label: tf.Tensor2D) =>
      accuracy(judge.logits(p, images) as tf.Tensor2D, label),
    { name: 'gan_judge_held_out' },
  );
  const n = pool.labels.length;
  let right = 0;
  try {
    for (let begin = 0; begin < n; begin += batch) {
      const size = Math.min(batch, n - begin);
      const indices = Array.from({ length: size }, (_, i) => begin + i);
      right += tf.tidy(() => {
        const { images, label } = toTensors(pool, indices);
        return measure(judge.parameters, images, label).dataSync()[0]! * size;
      });
    }
  } finally {
    measure.dispose();
  }
  return right / n;
}

async function takeCheckpoint(run: Run): Promise<Checkpoint> {
  const { preset, classNames, seed } = run.options;
  const tensors = await downloadState(run.state);
  const finite = Object.values(tensors).every(({ data }) => data.every(Number.isFinite));
  if (!finite) throw nonFinite(run);
  return { preset, classNames, seed, ...run.counters, tensors };
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
    batch: options.preset.batch,
    augmentP: augmentP!,
    overfitting: run.reading ? overfitting(run.reading) : Number.NaN,
    judgeAccuracyHeldOut: run.judgeAccuracyHeldOut,
    warnings: run.reading ? inspect(run.reading, options.classNames) : [],
  });
  raiseLambda(run, stats.judgeAccuracy);
}

/** λ changes here alone, at fixed steps, so that a resumed run changes it at the same ones. */
function raiseLambda(run: Run, batchAccuracy: number): void {
  const { counters, judgeAccuracyHeldOut } = run;
  if (judgeAccuracyHeldOut === null) return;
  const { preset, lambda } = run.options;
  if (counters.lambda > 0) counters.judgeAccuracy = smoothAccuracy(counters.judgeAccuracy, batchAccuracy);
  const scheduled = scheduledLambda(preset.judge, lambda ?? preset.judge.lambda, counters.imagesShown);
  counters.lambda = nextLambda(counters.lambda, scheduled, counters.judgeAccuracy ?? 0, judgeAccuracyHeldOut);
}

async function startRun(options: TrainingOptions): Promise<Run> {
  const { classNames, resume, judge } = options;
  const preset = resume ? withBatchOf(resume, options.preset) : options.preset;
  const train = createPool(options, preset.resolution, classNames.length);
  const validation = createPool(options.validation, preset.resolution, classNames.length);
  requireEveryClass(train, classNames);
  if (validation.labels.length === 0) {
    throw new GanError(
      'gan-bad-data',
      'There are no validation images. Overfitting could not be seen: set some patients apart.',
    );
  }
  const judgeAccuracyHeldOut = judge ? judgeHeldOut(judge, validation, preset.batch) : null;
  const state = resume ? uploadState(preset, resume) : createState(preset, classNames.length, options.seed);
  const fresh = { step: 0, imagesShown: 0, lambda: 0, judgeAccuracy: null, seed: options.seed };
  const { step, imagesShown, lambda, judgeAccuracy, seed } = resume ?? fresh;
  const trainer = createTrainer(
    { preset, seed, train, validation, judge: judge ?? null, xla: options.xla },
    state,
  );
  return {
    options: { ...options, preset, seed },
    counters: { step, imagesShown, lambda, judgeAccuracy },
    state,
    trainer,
    reading: null,
    judgeAccuracyHeldOut,
    lastCheckpoint: resume,
  };
}

/** A run that had to make its batch smaller goes on with that one. Errors: gan-checkpoint-mismatch. */
function withBatchOf(checkpoint: Checkpoint, preset: GanPreset): GanPreset {
  requirePreset(checkpoint, preset);
  return { ...preset, batch: Math.min(preset.batch, checkpoint.preset.batch) };
}

/**
 * Half the batch, from the last checkpoint on, after memory ran out. Learning rate and penalties stay, and what is counted in images
 * (length, averages, ADA, λ) keeps its pace; the optimizer takes twice as many steps, each on a noisier gradient. So it's another
 * training than the preset's, and the checkpoint's `preset.batch` and every progress line say so. A batch holds at least one group
 * of the minibatch deviation.
 * Errors: gan-out-of-memory; any other `error` is thrown on.
 */
function withHalfBatch(
  options: TrainingOptions,
  lastCheckpoint: Checkpoint | undefined,
  error: unknown,
): TrainingOptions {
  if (!(error instanceof ComputeError) || error.code !== 'OUT_OF_MEMORY') throw error;
  const preset = lastCheckpoint ? withBatchOf(lastCheckpoint, options.preset) : options.preset;
  const batch = preset.batch / 2;
  if (batch % preset.minibatchStdGroup !== 0) {
    throw new GanError(
      'gan-out-of-memory',
      `Memory ran out even with ${preset.batch} images a step (${error.message}). Choose a smaller preset, or free the device’s memory.`,
      lastCheckpoint,
    );
  }
  const from = lastCheckpoint?.imagesShown ?? 0;
  process.emitWarning(
    `Memory ran out: training goes on from image ${from} with ${batch} images a step, not ${preset.batch}.`,
    {
      type: 'TrainingWarning',
      code: 'SYNSPINE_SMALLER_BATCH',
    },
  );
  return { ...options, preset: { ...preset, batch }, ...(lastCheckpoint && { resume: lastCheckpoint }) };
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
 * with half the batch, with the warning SYNSPINE_SMALLER_BATCH.
 * Errors: gan-non-finite (with the last good checkpoint), gan-out-of-memory (likewise), gan-bad-data, gan-empty-class,
 * gan-checkpoint-mismatch.
 */
export async function trainGan(options: TrainingOptions): Promise<TrainingResult> {
  let attempt = options;
  for (;;) {
    let run: Run | undefined;
    try {
      run = await startRun(attempt);
      return await runSteps(run);
    } catch (error) {
      attempt = withHalfBatch(attempt, run?.lastCheckpoint ?? attempt.resume, error);
    } finally {
      run?.trainer.dispose();
    }
  }
}
