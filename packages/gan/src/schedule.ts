import { tf } from '@synspine/compute';
import type { AugmentPolicy } from './augment.ts';
import type { GanPreset } from './presets.ts';

/** Weight of the old average at this step. Early on the half-life is `ramp` × images shown, so that the start is forgotten. */
export function averageWeight(preset: GanPreset, imagesShown: number): number {
  const halfLife = Math.min(preset.ema.halfLifeImages, imagesShown * preset.ema.ramp);
  return halfLife > 0 ? 0.5 ** (preset.batch / halfLife) : 0;
}

/** λ that the warm-up alone allows: 0, then a straight line up to `target`. `share` is of the images that the run will show. */
export function scheduledLambda(judge: GanPreset['judge'], target: number, share: number): number {
  if (share < judge.startShare) return 0;
  const done = (share - judge.startShare) / judge.rampShare;
  return target * (done < 1 ? done : 1); // NaN of 0/0: no ramp
}

/** What the judge's term did so far, in steps. */
export type JudgedSteps = {
  applied: number; // with λ > 0
  held: number; // of these, with λ below its schedule because the judge was surer of fakes than of held-out films
  lambdaSum: number;
};

export const noJudgedSteps: JudgedSteps = { applied: 0, held: 0, lambdaSum: 0 };

/** The count after one more step that was taken with `lambda`. */
export function countJudged(so: JudgedSteps, lambda: number, scheduled: number): JudgedSteps {
  if (lambda <= 0) return so;
  const held = so.held + (lambda < scheduled ? 1 : 0);
  return { applied: so.applied + 1, held, lambdaSum: so.lambdaSum + lambda };
}

const accuracyMemory = 0.8; // five reports' worth of fakes

/** The judge's accuracy on fakes over the last reports, from one batch's. */
export function smoothAccuracy(mean: number | null, batchAccuracy: number): number {
  return mean === null ? batchAccuracy : accuracyMemory * mean + (1 - accuracyMemory) * batchAccuracy;
}

/**
 * The next λ. When the judge is surer of fakes than of held-out reals, raising λ further only makes adversarial examples of it:
 * then λ stays where it is.
 */
export function nextLambda(
  current: number,
  scheduled: number,
  accuracyOnFakes: number,
  accuracyOnHeldOut: number,
): number {
  return accuracyOnFakes > accuracyOnHeldOut ? Math.min(current, scheduled) : scheduled;
}

export function isDue(step: number, interval: number): boolean {
  return step % interval === 0;
}

/** How many discriminator updates have happened before `step`, its R1 updates at 0, interval, 2·interval, … included. */
export function updatesBefore(step: number, interval: number | null): number {
  return interval === null ? step : step + Math.ceil(step / interval);
}

/** [p, sum of real signs since the last change] at the start. */
export function initialAugmentState(policy: AugmentPolicy): [number, number] {
  return policy.mode === 'fixed' ? [policy.p, 0] : [0, 0];
}

/**
 * ADA's rule on the device: every `intervalSteps` steps p moves by a fixed amount towards overfitting = target.
 * `state` [2], `realSign` [] = mean sign D(augmented real), `due` [] = 1 when p may move. → [2]
 */
export function nextAugmentState(
  policy: AugmentPolicy,
  batch: number,
  state: tf.Tensor1D,
  realSign: tf.Scalar,
  due: tf.Scalar,
): tf.Tensor1D {
  if (policy.mode === 'fixed') return state;
  const p = tf.slice(state, [0], [1]);
  const sum = tf.add(tf.slice(state, [1], [1]), realSign);
  const excess = tf.sub(tf.div(sum, policy.intervalSteps), policy.target);
  const stride = (batch * policy.intervalSteps) / policy.imagesToFullStrength;
  const moved = tf.add(p, tf.mul(tf.mul(tf.sign(excess), stride), due));
  return tf.concat([tf.clipByValue(moved, 0, policy.pMax), tf.mul(sum, tf.sub(1, due))]) as tf.Tensor1D;
}
