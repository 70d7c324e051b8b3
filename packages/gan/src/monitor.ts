import { tf } from '@synspine/compute';
import { drawBalanced, type ImagePool, oneHot, toTensors } from './batches.ts';
import { filmCoverage } from './coverage.ts';
import { hash32, streams } from './seeds.ts';
import { stepSeed, type TrainingState } from './state.ts';
import { type createMonitorStep, type createThumbnailStep, thumbnails } from './steps/monitor-step.ts';
import type { TrainerOptions } from './trainer.ts';
import type { MonitorReading } from './watchdog.ts';

type MonitorSteps = {
  monitor: ReturnType<typeof createMonitorStep>;
  thumbnails: ReturnType<typeof createThumbnailStep>;
};

const imagesPerClass = 32;

function imagesAtOnce({ preset, parts = 1 }: TrainerOptions): number {
  return preset.batch / parts;
}

function toRows(flat: Float32Array, count: number): Float32Array[] {
  const size = flat.length / count;
  return Array.from({ length: count }, (_, i) => flat.subarray(i * size, (i + 1) * size));
}

/** Thumbnails of up to 32 films of a class, the same each time. */
function filmRows(pool: ImagePool, classIndex: number): Float32Array[] {
  const members = pool.byClass[classIndex]!.slice(0, imagesPerClass);
  if (members.length === 0) return [];
  const flat = tf.tidy(() => thumbnails(toTensors(pool, members).images).dataSync());
  return toRows(flat as Float32Array, members.length);
}

/** Thumbnails of 32 images of each class, class after class, drawn in batches of the training's size. */
function imageRows(
  o: TrainerOptions,
  steps: MonitorSteps,
  average: tf.Tensor1D,
  step: number,
): Float32Array[] {
  const { classCount } = o.train;
  const labels = Array.from({ length: classCount * imagesPerClass }, (_, i) =>
    Math.floor(i / imagesPerClass),
  );
  const rows: Float32Array[] = [];
  while (rows.length < labels.length) {
    const flat = tf.tidy(() => {
      const some = Array.from({ length: imagesAtOnce(o) }, (_, i) => labels[rows.length + i] ?? 0);
      const seed = stepSeed(hash32(o.seed, rows.length), streams.coverage, step);
      return steps.thumbnails(average, oneHot(some, classCount), seed).dataSync();
    });
    rows.push(...toRows(flat as Float32Array, imagesAtOnce(o)));
  }
  return rows.slice(0, labels.length);
}

function coverages(o: TrainerOptions, steps: MonitorSteps, average: tf.Tensor1D, step: number): number[] {
  const images = imageRows(o, steps, average, step);
  return o.train.byClass.map((_, c) =>
    filmCoverage(images.slice(c * imagesPerClass, (c + 1) * imagesPerClass), filmRows(o.train, c)),
  );
}

/** Looks at the run without changing it. Waits for the device. */
export async function readMonitor(
  o: TrainerOptions,
  steps: MonitorSteps,
  state: TrainingState,
  step: number,
): Promise<MonitorReading> {
  const draw = (pool: ImagePool, half: number) =>
    toTensors(pool, drawBalanced(pool, imagesAtOnce(o), o.seed, streams.monitor, step, half));
  const [train, validation] = [draw(o.train, 0), draw(o.validation, 1)];
  const seed = stepSeed(o.seed, streams.monitor, step);
  const result = steps.monitor(state.discriminator, state.average, train, validation, seed);
  const [logits, fake, real] = await Promise.all(
    [result.logits, result.spreadFake, result.spreadReal].map((t) => t.data()),
  );
  tf.dispose([train, validation, seed, result]);
  return {
    logitTrain: logits![0]!,
    logitValidation: logits![1]!,
    logitFake: logits![2]!,
    spreadFake: [...fake!],
    spreadReal: [...real!],
    coverage: coverages(o, steps, state.average, step),
  };
}
