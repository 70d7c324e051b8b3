import { ComputeError } from '@synspine/compute';
import { createPool, requireEveryClass } from './batches.ts';
import { type Checkpoint, requireSameTraining } from './checkpoint.ts';
import { GanError } from './errors.ts';
import { judgeHeldOut } from './judge.ts';
import { noJudgedSteps } from './schedule.ts';
import { createState, type TrainingState, uploadState } from './state.ts';
import type { TrainingOptions } from './train.ts';
import { createTrainer } from './trainer.ts';
import { startFromWeights } from './transfer.ts';
import type { MonitorReading } from './watchdog.ts';

type Counters = Pick<Checkpoint, 'step' | 'imagesShown' | 'lambda' | 'judgeAccuracy' | 'judged'>;

/** A training under way: what it was asked for, where it is, and what it holds on the device. */
export type Run = {
  options: TrainingOptions;
  parts: number;
  counters: Counters;
  state: TrainingState;
  trainer: ReturnType<typeof createTrainer>;
  reading: MonitorReading | null;
  judgeAccuracyHeldOut: number | null;
  lastCheckpoint: Checkpoint | undefined;
};

/** Where to begin, and in how many parts a batch is shown. */
export type Attempt = { parts: number; resume: Checkpoint | undefined };

export async function startRun(options: TrainingOptions, { parts, resume }: Attempt): Promise<Run> {
  const { classNames, judge, preset } = options;
  if (resume) requireSameTraining(resume, preset);
  const train = createPool(options, preset.resolution, classNames.length);
  const validation = createPool(options.validation, preset.resolution, classNames.length);
  requireEveryClass(train, classNames);
  if (validation.labels.length === 0) {
    throw new GanError(
      'gan-bad-data',
      'There are no validation images. Overfitting could not be seen: set some patients apart.',
    );
  }
  const judgeAccuracyHeldOut = judge ? judgeHeldOut(judge, validation, preset.batch / parts) : null;
  const state = resume ? uploadState(preset, resume) : freshState(options);
  const begin = { step: 0, imagesShown: 0, lambda: 0, judgeAccuracy: null, judged: noJudgedSteps };
  const { step, imagesShown, lambda, judgeAccuracy, judged, seed } = resume ?? {
    ...begin,
    seed: options.seed,
  };
  const trainer = createTrainer(
    {
      preset,
      seed,
      train,
      validation,
      judge: judge ?? null,
      xla: options.xla,
      precision: options.precision,
      parts,
    },
    state,
  );
  return {
    options: { ...options, seed },
    parts,
    counters: { step, imagesShown, lambda, judgeAccuracy, judged },
    state,
    trainer,
    reading: null,
    judgeAccuracyHeldOut,
    lastCheckpoint: resume,
  };
}

function freshState({ preset, startFrom, classNames, seed }: TrainingOptions): TrainingState {
  const fresh = createState(preset, classNames.length, seed);
  return startFrom ? startFromWeights(fresh, startFrom, preset, classNames.length) : fresh;
}

/**
 * The checkpoint to go back to after memory ran out, to go on from with the batch in twice as many parts: the same effective batch, learning
 * rate and number of steps, other random numbers from there on. A part holds at least one group of the minibatch deviation.
 * Errors: gan-out-of-memory; any other `error` is thrown on.
 */
export function inMoreParts(
  { preset }: TrainingOptions,
  attempt: Attempt,
  lastCheckpoint: Checkpoint | undefined,
  error: unknown,
): Attempt {
  if (!(error instanceof ComputeError) || error.code !== 'OUT_OF_MEMORY') throw error;
  const [before, images] = [preset.batch / attempt.parts, preset.batch / (2 * attempt.parts)];
  if (images % preset.minibatchStdGroup !== 0) {
    throw new GanError(
      'gan-out-of-memory',
      `Memory ran out even with ${before} images at once (${error.message}). Choose a smaller preset, or free the device’s memory.`,
      lastCheckpoint,
    );
  }
  const from = lastCheckpoint?.imagesShown ?? 0;
  process.emitWarning(
    `Memory ran out: training goes on from image ${from} with ${images} images at once, not ${before}, and the same batch of ${preset.batch}.`,
    { type: 'TrainingWarning', code: 'SYNSPINE_BATCH_IN_PARTS' },
  );
  return { parts: 2 * attempt.parts, resume: lastCheckpoint };
}
