import { type Precision, tf } from '@synspine/compute';
import { type Batch, drawBalanced, type ImagePool, oneHot, toTensors } from './batches.ts';
import type { DomainJudge } from './judge.ts';
import { readMonitor } from './monitor.ts';
import { biasCorrections } from './optimizer.ts';
import type { GanPreset } from './presets.ts';
import { averageWeight, isDue, updatesBefore } from './schedule.ts';
import { streams } from './seeds.ts';
import { stepSeed, type TrainingState } from './state.ts';
import { createDiscriminatorStep, createR1Step } from './steps/discriminator-step.ts';
import { createGeneratorStep, createPathLengthStep } from './steps/generator-step.ts';
import { createMonitorStep, createThumbnailStep } from './steps/monitor-step.ts';
import { describeNetworks } from './steps/networks.ts';

export type TrainerOptions = {
  preset: GanPreset;
  seed: number;
  train: ImagePool;
  validation: ImagePool;
  judge: DomainJudge | null;
  xla: boolean;
  precision?: Precision; // of convolutions and products, where the machine can; default float32
  parts?: number; // of a batch, shown one after the other; default 1
};

/** Device scalars of the latest step: replaced every step, read seldom. */
type StepStats = { discriminator: tf.Tensor1D; generator: tf.Tensor1D; penalties: tf.Tensor1D };

export type StatValues = {
  lossDiscriminator: number;
  realSign: number;
  lossGenerator: number;
  judgeCrossEntropy: number;
  judgeAccuracy: number;
  r1Penalty: number; // of its latest step, γ/2·‖∇D‖²
  r2Penalty: number; // 0 with the logistic loss
};

function replace<T extends tf.TensorContainer>(old: T, next: T): T {
  tf.dispose(old);
  return next;
}

function createSteps(o: TrainerOptions) {
  const networks = describeNetworks(o.preset, o.train.classCount, o.xla, o.parts);
  const how = { xla: o.xla, precision: o.precision };
  return {
    networks,
    discriminator: createDiscriminatorStep(networks, how),
    r1: createR1Step(networks, how),
    generator: createGeneratorStep(networks, null, how),
    judged: o.judge ? createGeneratorStep(networks, o.judge, how) : null,
    pathLength: o.preset.pathLength ? createPathLengthStep(networks, how) : null,
    monitor: createMonitorStep(networks, how),
    thumbnails: createThumbnailStep(networks, how),
  };
}

type Steps = ReturnType<typeof createSteps>;

type KeptSteps = { key: string; logits: DomainJudge['logits'] | undefined; steps: Steps; users: number };

let latest: KeptSteps | null = null;

/** The compiled steps of the latest training if this one's are the same: tracing costs a second, XLA up to a minute. Weights are arguments. */
function takeSteps(o: TrainerOptions): KeptSteps {
  const key = JSON.stringify([o.preset, o.train.classCount, o.xla, o.precision, o.parts]);
  const logits = o.judge?.logits;
  const before = latest;
  if (before?.key !== key || before.logits !== logits) {
    latest = { key, logits, steps: createSteps(o), users: 0 };
    if (before) disposeUnused(before);
  }
  latest!.users++;
  return latest!;
}

/** Another training in this process may still run the same steps, and the next one may want the latest. */
function disposeUnused(kept: KeptSteps): void {
  if (kept.users > 0 || kept === latest) return;
  const { networks: _, ...steps } = kept.steps;
  for (const step of Object.values(steps)) step?.dispose();
}

function discriminatorUpdate(
  o: TrainerOptions,
  steps: Steps,
  state: TrainingState,
  step: number,
  batch: Batch,
): tf.Tensor1D {
  const { policy } = o.preset.augment;
  const due = policy.mode === 'adaptive' && isDue(step + 1, policy.intervalSteps);
  const updates = updatesBefore(step, o.preset.r1.interval) + 1;
  const seed = stepSeed(o.seed, streams.discriminator, step);
  const controls = {
    corrections: tf.tensor1d(biasCorrections(steps.networks.discriminatorAdam, updates)),
    augmentDue: tf.scalar(due ? 1 : 0),
  };
  const trained = { parameters: state.discriminator, moments: state.discriminatorMoments };
  const { generator, augment } = state;
  const next = steps.discriminator({ trained, generator, augment, ...controls }, batch, seed);
  state.discriminator = replace(state.discriminator, next.trained.parameters);
  state.discriminatorMoments = replace(state.discriminatorMoments, next.trained.moments);
  state.augment = replace(state.augment, next.augment);
  tf.dispose([seed, controls]);
  return next.stats;
}

function r1Update(
  o: TrainerOptions,
  steps: Steps,
  state: TrainingState,
  step: number,
  batch: Batch,
): tf.Tensor1D {
  const updates = updatesBefore(step, o.preset.r1.interval) + 2; // after this step's ordinary update
  const seed = stepSeed(o.seed, streams.r1, step);
  const corrections = tf.tensor1d(biasCorrections(steps.networks.discriminatorAdam, updates));
  const trained = { parameters: state.discriminator, moments: state.discriminatorMoments };
  const { generator, augment } = state;
  const next = steps.r1({ trained, generator, augment, corrections }, batch, seed);
  state.discriminator = replace(state.discriminator, next.trained.parameters);
  state.discriminatorMoments = replace(state.discriminatorMoments, next.trained.moments);
  tf.dispose([seed, corrections]);
  return next.penalties;
}

function generatorUpdate(
  o: TrainerOptions,
  steps: Steps,
  state: TrainingState,
  at: { step: number; imagesShown: number; lambda: number },
  batch: Batch,
): tf.Tensor1D {
  const updates = updatesBefore(at.step, o.preset.pathLength?.interval ?? null) + 1;
  const seed = stepSeed(o.seed, streams.generator, at.step);
  const controls = {
    corrections: tf.tensor1d(biasCorrections(steps.networks.generatorAdam, updates)),
    averageWeight: tf.scalar(averageWeight(o.preset, at.imagesShown)),
    lambda: tf.scalar(at.lambda),
  };
  const judged = at.lambda > 0 && steps.judged !== null;
  const run = judged ? steps.judged! : steps.generator;
  const side = {
    parameters: state.generator,
    moments: state.generatorMoments,
    average: state.average,
    styleAverage: state.styleAverage,
  };
  const judge = judged ? o.judge!.parameters : {};
  const { discriminator, augment } = state;
  const next = run({ side, discriminator, augment, judge, ...controls }, batch, seed);
  state.generator = replace(state.generator, next.side.parameters);
  state.generatorMoments = replace(state.generatorMoments, next.side.moments);
  state.average = replace(state.average, next.side.average);
  state.styleAverage = replace(state.styleAverage, next.side.styleAverage);
  tf.dispose([seed, controls]);
  return next.stats;
}

function pathLengthUpdate(o: TrainerOptions, steps: Steps, state: TrainingState, step: number): void {
  const interval = o.preset.pathLength!.interval;
  const labels = drawBalanced(o.train, Math.max(1, o.preset.batch / 2), o.seed, streams.pathLength, step);
  const label = oneHot(
    labels.map((i) => o.train.labels[i]!),
    o.train.classCount,
  );
  const seed = stepSeed(o.seed, streams.pathLength, step);
  const corrections = tf.tensor1d(
    biasCorrections(steps.networks.generatorAdam, updatesBefore(step, interval) + 2),
  );
  const trained = { parameters: state.generator, moments: state.generatorMoments };
  const next = steps.pathLength!(trained, state.pathLengthMean, label, seed, corrections);
  state.generator = replace(state.generator, next.trained.parameters);
  state.generatorMoments = replace(state.generatorMoments, next.trained.moments);
  state.pathLengthMean = replace(state.pathLengthMean, next.mean);
  tf.dispose([label, seed, corrections, next.penalty]);
}

/** The compiled steps bound to their data. `state` is changed in place: old tensors are freed as soon as they are replaced. */
export function createTrainer(o: TrainerOptions, state: TrainingState) {
  const kept = takeSteps(o);
  const { steps } = kept;
  let stats: StepStats | null = null;
  const takeStep = (at: { step: number; imagesShown: number; lambda: number }, batch: Batch) => {
    const discriminator = discriminatorUpdate(o, steps, state, at.step, batch);
    const penalties = isDue(at.step, o.preset.r1.interval)
      ? r1Update(o, steps, state, at.step, batch)
      : (stats?.penalties.clone() ?? tf.zeros([2]));
    const generator = generatorUpdate(o, steps, state, at, batch);
    if (steps.pathLength && isDue(at.step, o.preset.pathLength!.interval))
      pathLengthUpdate(o, steps, state, at.step);
    stats = replace(stats as StepStats, { discriminator, penalties, generator });
  };
  return {
    /** One discriminator step, one generator step, and the lazy regularisers when they are due. */
    step(at: { step: number; imagesShown: number; lambda: number }): void {
      const batch = toTensors(o.train, drawBalanced(o.train, o.preset.batch, o.seed, streams.batch, at.step));
      try {
        takeStep(at, batch);
      } finally {
        tf.dispose(batch);
      }
    },
    /** Waits for the device: call it every 50 steps or so. */
    async readStats(): Promise<StatValues> {
      const { discriminator, generator, penalties } = stats!;
      const [d, g, r] = await Promise.all([discriminator.data(), generator.data(), penalties.data()]);
      return {
        lossDiscriminator: d[0]!,
        realSign: d[1]!,
        lossGenerator: g[0]!,
        judgeCrossEntropy: g[1]!,
        judgeAccuracy: g[2]!,
        r1Penalty: r[0]!,
        r2Penalty: r[1]!,
      };
    },
    readMonitor: (step: number) => readMonitor(o, steps, state, step),
    dispose(): void {
      tf.dispose([state, stats as StepStats]);
      kept.users--;
      disposeUnused(kept);
    },
  };
}
