import { compile, foldSeed, tf } from '@synspine/compute';
import { augment } from '../augment.ts';
import type { Batch } from '../batches.ts';
import { discriminatorLoss, r1Penalty } from '../losses.ts';
import { discriminate } from '../networks/discriminator.ts';
import { synthesize } from '../networks/generator.ts';
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

/** Adam's bias corrections [2]; 1 when ADA's p may move. */
type Controls = { corrections: tf.Tensor1D; augmentDue: tf.Scalar };

/**
 * L_D = softplus(D(aug G(z))) + softplus(−D(aug x)). Fakes and reals pass the discriminator as one batch of two parts.
 * `stats` [2] = loss, mean sign D(aug x).
 */
export function createDiscriminatorStep(n: Networks, xla: boolean) {
  const { preset } = n;
  const step = (
    trained: Trained,
    generator: tf.Tensor1D,
    augmentState: tf.Tensor1D,
    batch: Batch,
    seed: tf.Tensor1D,
    controls: Controls,
  ) => {
    const [b] = batch.label.shape;
    const g = unflatten(n.generator, generator);
    const fakes = synthesize(preset, g, drawStyles(preset, g, batch.label, foldSeed(seed, 0)).styles);
    const both = tf.concat([fakes, batch.images]);
    const seen = augment(preset.augment, both, augmentStrength(augmentState), foldSeed(seed, 1));
    const labels = tf.concat([batch.label, batch.label]);
    const kept: { logits?: tf.Tensor1D } = {};
    const { value, gradient } = differentiate(n.discriminator, trained.parameters, (d) => {
      const logits = discriminate(preset, d, seen, labels, 2);
      kept.logits = tf.keep(logits); // outlives the tape's tidy
      return discriminatorLoss(tf.slice(logits, [0], [b]), tf.slice(logits, [b], [b]));
    });
    const realSign = tf.mean(tf.sign(tf.slice(kept.logits!, [b], [b]))) as tf.Scalar;
    tf.dispose(kept);
    return {
      trained: update(n.discriminatorAdam, trained, gradient, controls.corrections),
      augment: nextAugmentState(
        preset.augment.policy,
        preset.batch,
        augmentState,
        realSign,
        controls.augmentDue,
      ),
      stats: tf.stack([value, realSign]) as tf.Tensor1D,
    };
  };
  return compile(step, { name: 'gan_discriminator', xla });
}

/**
 * Lazy R1 on augmented reals: the penalty stands for `interval` steps, so it is multiplied by that. The gradient is taken with respect
 * to what the discriminator sees (after augmentation).
 */
export function createR1Step(n: Networks, xla: boolean) {
  const { preset } = n;
  const step = (
    trained: Trained,
    augmentState: tf.Tensor1D,
    batch: Batch,
    seed: tf.Tensor1D,
    corrections: tf.Tensor1D,
  ) => {
    const seen = augment(preset.augment, batch.images, augmentStrength(augmentState), seed);
    const { value, gradient } = differentiate(n.discriminator, trained.parameters, (d) => {
      const total = (x: tf.Tensor) =>
        tf.sum(discriminate(preset, d, x as tf.Tensor4D, batch.label)) as tf.Scalar;
      const slope = tf.grad(total)(seen) as tf.Tensor4D;
      return tf.mul(r1Penalty(slope, preset.r1.gamma), preset.r1.interval);
    });
    return {
      trained: update(n.discriminatorAdam, trained, gradient, corrections),
      penalty: tf.div(value, preset.r1.interval) as tf.Scalar,
    };
  };
  return compile(step, { name: 'gan_r1', xla });
}
