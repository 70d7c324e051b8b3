import { ComputeError } from '@synspine/compute';
import { createPool, requireEveryClass } from './batches.ts';
import { type Checkpoint, requirePreset } from './checkpoint.ts';
import { GanError } from './errors.ts';
import { judgeHeldOut } from './judge.ts';
import type { GanPreset } from './presets.ts';
import { createState, type TrainingState, uploadState } from './state.ts';
import type { TrainingOptions } from './train.ts';
import { createTrainer } from './trainer.ts';
import { startFromWeights } from './transfer.ts';
import type { MonitorReading } from './watchdog.ts';

type Counters = Pick<Checkpoint, 'step' | 'imagesShown' | 'lambda' | 'judgeAccuracy'>;

/** A training under way: what it was asked for, where it is, and what it holds on the device. */
export type Run = {
  options: TrainingOptions;
  counters: Counters;
  state: TrainingState;
  trainer: ReturnType<typeof createTrainer>;
  reading: MonitorReading | null;
  judgeAccuracyHeldOut: number | null;
  lastCheckpoint: Checkpoint | undefined;
};

export async function startRun(options: TrainingOptions): Promise<Run> {
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
  const state = openState(options, preset);
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

function openState(
  { resume, startFrom, classNames, seed }: TrainingOptions,
  preset: GanPreset,
): TrainingState {
  if (resume) return uploadState(preset, resume);
  const fresh = createState(preset, classNames.length, seed);
  return startFrom ? startFromWeights(fresh, startFrom, preset, classNames.length) : fresh;
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
export function withHalfBatch(
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
