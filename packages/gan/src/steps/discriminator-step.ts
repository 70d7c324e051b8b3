import { foldSeed, tf } from '@synspine/compute';
import { augment } from '../augment.ts';
import type { Batch } from '../batches.ts';
import { confidentSign, discriminatorLoss, gradientPenalty } from '../losses.ts';
import { discriminate } from '../networks/discriminator.ts';
import { synthesize } from '../networks/generator.ts';
import type { Parameters } from '../networks/layers.ts';
import { unflatten } from '../parameters.ts';
import { nextAugmentState } from '../schedule.ts';
import {
  augmentStrength,
  differentiate,
  drawStyles,
  type Networks,
  type Trained,
  update,
} from './networks.ts';
import { type Compilation, createPhase } from './phase.ts';

type Sides = { trained: Trained; generator: tf.Tensor1D; augment: tf.Tensor1D };

/** `corrections` [2]: Adam's bias corrections; `augmentDue` []: 1 when ADA's p may move. */
type Update = Sides & { corrections: tf.Tensor1D; augmentDue: tf.Scalar };

/**
 * Logits of two independent batches: in one pass, which a GPU and large images like, or in two passes that small networks run side by
 * side on two cores. The reals then needn't wait for the fakes. → [2,b]
 */
function discriminateBoth(
  { preset, halves }: Networks,
  d: Parameters,
  [fakes, reals]: readonly [tf.Tensor4D, tf.Tensor4D],
  label: tf.Tensor2D,
): tf.Tensor2D {
  if (halves) return tf.stack([fakes, reals].map((x) => discriminate(preset, d, x, label))) as tf.Tensor2D;
  const logits = discriminate(preset, d, tf.concat([fakes, reals]), tf.concat([label, label]), 2);
  return tf.reshape(logits, [2, label.shape[0]]);
}

/** The discriminator's loss on augmented fakes and reals, pair by pair of one label. `stats` [2] = loss, ADA's mean sign. */
export function createDiscriminatorStep(n: Networks, how: Compilation) {
  const { preset } = n;
  const slope = ({ trained, generator, augment: state }: Update, batch: Batch, seed: tf.Tensor1D) => {
    const g = unflatten(n.generator, generator);
    const fakes = synthesize(preset, g, drawStyles(preset, g, batch.label, foldSeed(seed, 0)).styles);
    const strength = augmentStrength(state);
    const seen = [
      augment(preset.augment, fakes, strength, foldSeed(seed, 1)),
      augment(preset.augment, batch.images, strength, foldSeed(seed, 2)),
    ] as const;
    const kept: { sign?: tf.Scalar } = {};
    const { value, gradient } = differentiate(n.discriminator, trained.parameters, (d) => {
      const logits = discriminateBoth(n, d, seen, batch.label);
      const [fakeLogits, realLogits] = tf.unstack(logits) as [tf.Tensor1D, tf.Tensor1D];
      kept.sign = tf.keep(confidentSign(preset.loss, fakeLogits, realLogits)); // outlives the tape's tidy
      return discriminatorLoss(preset.loss, fakeLogits, realLogits);
    });
    const stats = tf.stack([value, kept.sign!]) as tf.Tensor1D;
    tf.dispose(kept);
    return { gradient, stats };
  };
  const apply = (
    { trained, augment: state, corrections, augmentDue }: Update,
    { gradient, stats }: { gradient: tf.Tensor1D; stats: tf.Tensor1D },
  ) => {
    const sign = tf.reshape(tf.slice(stats, [1], [1]), []) as tf.Scalar;
    return {
      trained: update(n.discriminatorAdam, trained, gradient, corrections),
      augment: nextAugmentState(preset.augment.policy, preset.batch, state, sign, augmentDue),
      stats,
    };
  };
  return createPhase({ name: 'gan_discriminator', how, parts: n.parts }, slope, apply);
}

/**
 * Lazy R1 on augmented reals, and R2 on augmented fakes with the relativistic loss: the penalties stand for `interval` steps, so they are
 * multiplied by that. The gradient is taken with respect to what the discriminator sees (after augmentation). → `penalties` [2] = R1, R2.
 */
export function createR1Step(n: Networks, how: Compilation) {
  const { preset } = n;
  type Fixed = Sides & { corrections: tf.Tensor1D };
  const slope = ({ trained, generator, augment: state }: Fixed, batch: Batch, seed: tf.Tensor1D) => {
    const strength = augmentStrength(state);
    const seen = [augment(preset.augment, batch.images, strength, seed)];
    if (preset.loss === 'relativistic') {
      const g = unflatten(n.generator, generator);
      const fakes = synthesize(preset, g, drawStyles(preset, g, batch.label, foldSeed(seed, 2)).styles);
      seen.push(augment(preset.augment, fakes, strength, foldSeed(seed, 3)));
    }
    const kept: { penalties?: tf.Tensor1D } = {};
    const { gradient } = differentiate(n.discriminator, trained.parameters, (d) => {
      const total = (x: tf.Tensor) =>
        tf.sum(discriminate(preset, d, x as tf.Tensor4D, batch.label)) as tf.Scalar;
      const penalties = seen.map((x) => gradientPenalty(tf.grad(total)(x) as tf.Tensor4D, preset.r1.gamma));
      const both = tf.stack([penalties[0]!, penalties[1] ?? tf.scalar(0)]) as tf.Tensor1D;
      kept.penalties = tf.keep(both);
      return tf.mul(tf.sum(both), preset.r1.interval) as tf.Scalar;
    });
    const penalties = kept.penalties!.clone();
    tf.dispose(kept);
    return { gradient, penalties };
  };
  const apply = (
    { trained, corrections }: Fixed,
    { gradient, penalties }: { gradient: tf.Tensor1D; penalties: tf.Tensor1D },
  ) => ({ trained: update(n.discriminatorAdam, trained, gradient, corrections), penalties });
  return createPhase({ name: 'gan_r1', how, parts: n.parts }, slope, apply);
}
