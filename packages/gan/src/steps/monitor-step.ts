import { compile, foldSeed, statelessNormal, tf } from '@synspine/compute';
import type { Batch } from '../batches.ts';
import { discriminate } from '../networks/discriminator.ts';
import { repeatStyle, synthesize } from '../networks/generator.ts';
import { mapToStyle } from '../networks/mapping.ts';
import { unflatten } from '../parameters.ts';
import type { Networks } from './networks.ts';
import type { Compilation } from './phase.ts';

const thumbnailSide = 8;

/** Images [b,side,side,1] as rows of 8×8 block means. → [b,64] */
export function thumbnails(images: tf.Tensor4D): tf.Tensor2D {
  const [b, side] = images.shape;
  const block = side / thumbnailSide;
  return tf.reshape(tf.avgPool(images, block, block, 'valid'), [b, thumbnailSide ** 2]);
}

/** What the averaged generator draws for these labels, as thumbnails. */
export function createThumbnailStep(n: Networks, how: Compilation) {
  const { preset } = n;
  const step = (average: tf.Tensor1D, label: tf.Tensor2D, seed: tf.Tensor1D) => {
    const g = unflatten(n.generator, average);
    const z = statelessNormal([label.shape[0], preset.latentDim], foldSeed(seed, 0)) as tf.Tensor2D;
    return thumbnails(synthesize(preset, g, repeatStyle(preset, mapToStyle(preset, g, z, label))));
  };
  return compile(step, { name: 'gan_monitor', ...how });
}

/** Per class, the pixel standard deviation over its images, averaged over pixels: 0 when they are all alike. → [classes] */
function classSpread(images: tf.Tensor4D, label: tf.Tensor2D): tf.Tensor1D {
  const flat = tf.reshape(images, [images.shape[0], -1]);
  const count = tf.maximum(tf.reshape(tf.sum(label, 0), [-1, 1]), 1);
  const mean = tf.div(tf.matMul(label, flat, true, false), count);
  const meanSquare = tf.div(tf.matMul(label, tf.square(flat), true, false), count);
  const variance = tf.relu(tf.sub(meanSquare, tf.square(mean)));
  return tf.mean(tf.sqrt(variance), 1) as tf.Tensor1D;
}

/**
 * Looks at the run without changing it: mean logits of un-augmented training, validation and fake images [3], and the pixel spread per
 * class of fakes and of training images. Validation images give no gradient.
 */
export function createMonitorStep(n: Networks, how: Compilation) {
  const { preset } = n;
  const step = (
    discriminator: tf.Tensor1D,
    average: tf.Tensor1D,
    train: Batch,
    validation: Batch,
    seed: tf.Tensor1D,
  ) => {
    const [g, d] = [unflatten(n.generator, average), unflatten(n.discriminator, discriminator)];
    const z = statelessNormal([train.label.shape[0], preset.latentDim], foldSeed(seed, 0)) as tf.Tensor2D;
    const fakes = synthesize(preset, g, repeatStyle(preset, mapToStyle(preset, g, z, train.label)));
    const meanLogit = (images: tf.Tensor4D, label: tf.Tensor2D) =>
      tf.mean(discriminate(preset, d, images, label));
    return {
      logits: tf.stack([
        meanLogit(train.images, train.label),
        meanLogit(validation.images, validation.label),
        meanLogit(fakes, train.label),
      ]) as tf.Tensor1D,
      spreadFake: classSpread(fakes, train.label),
      spreadReal: classSpread(train.images, train.label),
    };
  };
  return compile(step, { name: 'gan_monitor', ...how });
}
