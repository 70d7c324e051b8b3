import { createPool, type LabelledImages } from './batches.ts';
import { sizeOf } from './parameters.ts';
import type { GanPreset } from './presets.ts';
import { fillNormals } from './seeds.ts';
import { checkpointShapes, createState } from './state.ts';
import type { TrainingOptions } from './train.ts';
import { createTrainer } from './trainer.ts';

export type TrainingMeasurement = {
  secondsPerImage: number; // of whole R1 intervals, after the first step
  secondsFirstStep: number; // tracing, and with XLA compiling, included
  steps: number;
  /** Highest resident memory of this process so far, tensors of a GPU not included. */
  peakBytes: number;
};

const plainStepsMax = 8;
const secondsMax = 30;

/** Films of noise: what a step costs doesn't depend on what they show. */
function noiseFilms(preset: GanPreset, classCount: number): LabelledImages {
  const n = Math.max(preset.batch, classCount);
  const values = new Float32Array(n * preset.resolution ** 2);
  fillNormals(values, 1);
  return {
    images: Uint8Array.from(values, (v) => Math.max(0, Math.min(255, 128 + 40 * v))),
    labels: Uint8Array.from({ length: n }, (_, i) => i % classCount),
  };
}

/**
 * Takes a handful of real steps on this machine and throws them away: a first step, then one with R1 and at most eight plain ones, fewer where
 * they take long. With a judge its term counts. `initCompute` must have run.
 */
export async function measureTraining(
  preset: GanPreset,
  options: Pick<TrainingOptions, 'judge' | 'xla' | 'precision'> & { classCount: number },
): Promise<TrainingMeasurement> {
  const { classCount, judge = null, xla, precision } = options;
  const pool = createPool(noiseFilms(preset, classCount), preset.resolution, classCount);
  const state = createState(preset, classCount, 1);
  const trainer = createTrainer(
    { preset, seed: 1, train: pool, validation: pool, judge, xla, precision },
    state,
  );
  const { interval } = preset.r1;
  const take = async (step: number) => {
    const begin = performance.now();
    trainer.step({ step, imagesShown: step * preset.batch, lambda: judge ? preset.judge.lambda : 0 });
    await trainer.readStats(); // waits for the device
    return (performance.now() - begin) / 1000;
  };
  try {
    const secondsFirstStep = await take(0);
    const withR1 = await take(interval);
    const plain: number[] = [];
    while (plain.length < plainStepsMax && (plain.length === 0 || withR1 + sum(plain) < secondsMax))
      plain.push(await take(interval + 1 + plain.length));
    const seconds = withR1 + (sum(plain) / plain.length) * (interval - 1);
    return {
      secondsPerImage: seconds / (interval * preset.batch),
      secondsFirstStep,
      steps: 2 + plain.length,
      peakBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    trainer.dispose();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Bytes of a checkpoint and of a release's weights, headers not counted. */
export function storedBytes(preset: GanPreset, classCount: number): { checkpoint: number; release: number } {
  const shapes = checkpointShapes(preset, classCount);
  const bytes = (names: string[]) => 4 * sum(names.map((name) => sizeOf(shapes[name]!)));
  return { checkpoint: bytes(Object.keys(shapes)), release: bytes(['average', 'styleAverage']) };
}
