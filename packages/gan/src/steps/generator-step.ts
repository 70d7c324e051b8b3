import { compile, foldSeed, statelessNormal, tf } from '@synspine/compute';
import { augment } from '../augment.ts';
import type { Batch } from '../batches.ts';
import { accuracy, type DomainJudge } from '../judge.ts';
import { generatorLoss, labelCrossEntropy, pathLengthPenalty } from '../losses.ts';
import { discriminate } from '../networks/discriminator.ts';
import { repeatStyle, styleCount, synthesize } from '../networks/generator.ts';
import type { Parameters } from '../networks/layers.ts';
import { mapToStyle } from '../networks/mapping.ts';
import { unflatten } from '../parameters.ts';
import {
  augmentStrength,
  differentiate,
  drawStyles,
  type Networks,
  type Trained,
  update,
} from './networks.ts';

export type GeneratorSide = Trained & { average: tf.Tensor1D; styleAverage: tf.Tensor2D };

/** Adam's bias corrections [2]; weight of the old average; the judge's λ. */
type Controls = { corrections: tf.Tensor1D; averageWeight: tf.Scalar; lambda: tf.Scalar };

/** Moves each class's mean style towards the mean of its images in this batch. Classes that are absent stay. */
function nextStyleAverage(old: tf.Tensor2D, w: tf.Tensor2D, label: tf.Tensor2D, decay: number): tf.Tensor2D {
  const count = tf.reshape(tf.sum(label, 0), [-1, 1]); // [classes,1]
  const mean = tf.div(tf.matMul(label, w, true, false), tf.maximum(count, 1));
  const present = tf.cast(tf.greater(count, 0), 'float32');
  return tf.add(old, tf.mul(tf.mul(tf.sub(mean, old), present), 1 - decay));
}

/** Every second row, from the first or the second on. [2n,columns] → [n,columns] */
function everySecond<T extends tf.Tensor>(x: T, from: number): T {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const columns = x.size / rows;
  const pairs = tf.reshape(x, [rows / 2, 2 * columns]);
  return tf.reshape(tf.slice(pairs, [0, from * columns], [rows / 2, columns]), [rows / 2, ...rest]) as T;
}

type Part = { styles: tf.Tensor2D[]; batch: Batch };

/**
 * The batch as one part; or, when it has two minibatch-deviation groups, as these two, which give the same logits apart and
 * which a CPU runs side by side.
 */
function partsOf({ preset, halves }: Networks, whole: Part): Part[] {
  const { images, label } = whole.batch;
  const groups = label.shape[0] / preset.minibatchStdGroup;
  if (!halves || groups !== 2) return [whole];
  return [0, 1].map((from) => ({
    styles: whole.styles.map((style) => everySecond(style, from)),
    batch: { images: everySecond(images, from), label: everySecond(label, from) },
  }));
}

/** Parts one after the other. */
function join<T extends tf.Tensor>(parts: T[]): T {
  return (parts.length > 1 ? tf.concat(parts) : parts[0]) as T;
}

/**
 * L_G = the adversarial loss of D(aug G(z)), against D(aug x) where it is relativistic, + λ·CE(S(G(z)), c), the judge S seeing
 * un-augmented fakes. Also advances the averaged generator.
 * `stats` [3] = adversarial loss, the judge's cross-entropy and accuracy (both 0 without a judge).
 */
export function createGeneratorStep(n: Networks, judge: DomainJudge | null, xla: boolean) {
  const { preset } = n;
  const step = (
    side: GeneratorSide,
    discriminator: tf.Tensor1D,
    augmentState: tf.Tensor1D,
    batch: Batch,
    seed: tf.Tensor1D,
    controls: Controls,
    judgeParameters: Record<string, tf.Tensor>,
  ) => {
    const d = unflatten(n.discriminator, discriminator);
    const { label } = batch;
    const look = (images: tf.Tensor4D, shown: tf.Tensor2D, stream: number) => {
      const seen = augment(preset.augment, images, augmentStrength(augmentState), foldSeed(seed, stream));
      return discriminate(preset, d, seen, shown);
    };
    const kept: { w?: tf.Tensor2D; stats?: tf.Tensor1D } = {}; // outlive the tape's tidy
    const judged = (fakes: tf.Tensor4D, wanted: tf.Tensor2D): [tf.Scalar, tf.Scalar] => {
      if (!judge) return [tf.scalar(0), tf.scalar(0)];
      const logits = judge.logits(judgeParameters, fakes) as tf.Tensor2D;
      return [labelCrossEntropy(logits, wanted), accuracy(logits, wanted)];
    };
    const { gradient } = differentiate(n.generator, side.parameters, (g) => {
      const drawn = drawStyles(preset, g, label, foldSeed(seed, 0));
      const parts = partsOf(n, { styles: drawn.styles, batch }).map((part, i) => {
        const fakes = synthesize(preset, g, part.styles);
        const { images, label: shown } = part.batch;
        const reals = preset.loss === 'relativistic' ? look(images, shown, 3 + i) : null;
        return { fakes, label: shown, reals, logits: look(fakes, shown, 1 + i) };
      });
      const reals = parts.flatMap((part) => part.reals ?? []);
      const adversarial = generatorLoss(
        join(parts.map(({ logits }) => logits)),
        reals.length > 0 ? join(reals) : null,
      );
      const [crossEntropy, share] = judged(
        join(parts.map(({ fakes }) => fakes)),
        join(parts.map((part) => part.label)),
      );
      kept.w = tf.keep(drawn.w);
      kept.stats = tf.keep(tf.stack([adversarial, crossEntropy, share]) as tf.Tensor1D);
      return judge ? (tf.add(adversarial, tf.mul(crossEntropy, controls.lambda)) as tf.Scalar) : adversarial;
    });
    const trained = update(n.generatorAdam, side, gradient, controls.corrections);
    const weight = controls.averageWeight;
    const average = tf.add(tf.mul(side.average, weight), tf.mul(trained.parameters, tf.sub(1, weight)));
    const styleAverage = nextStyleAverage(side.styleAverage, kept.w!, label, preset.styleAverageDecay);
    const stats = kept.stats!.clone();
    tf.dispose(kept);
    return { side: { ...trained, average: average as tf.Tensor1D, styleAverage }, stats };
  };
  return compile(step, { name: judge ? 'gan_generator_judged' : 'gan_generator', xla });
}

/** Length of the Jacobian of image by style along random image directions: √(Σ_w g² averaged over layers). → [b] */
function pathLengths(n: Networks, g: Parameters, w: tf.Tensor2D, seed: tf.Tensor1D): tf.Tensor1D {
  const { preset } = n;
  const [b] = w.shape;
  const side = preset.resolution;
  const direction = tf.div(statelessNormal([b, side, side, 1], foldSeed(seed, 2)), side); // √(h·w)
  const along = (...styles: tf.Tensor[]) =>
    tf.sum(tf.mul(synthesize(preset, g, styles as tf.Tensor2D[]), direction)) as tf.Scalar;
  const perLayer = repeatStyle(preset, w).map((style) => style.clone()); // one tensor per layer, or the tape sums them
  const slopes = tf.grads(along)(perLayer);
  const squares = slopes.map((slope) => tf.sum(tf.square(slope), 1));
  return tf.sqrt(tf.add(tf.div(tf.addN(squares), styleCount(preset)), 1e-8)) as tf.Tensor1D;
}

/** Lazy path length regularisation (StyleGAN2), on the labels given (half a batch is customary). */
export function createPathLengthStep(n: Networks, xla: boolean) {
  const { preset } = n;
  const { weight, interval, decay } = preset.pathLength!;
  const step = (
    trained: Trained,
    runningMean: tf.Scalar,
    label: tf.Tensor2D,
    seed: tf.Tensor1D,
    corrections: tf.Tensor1D,
  ) => {
    const kept: { mean?: tf.Scalar } = {};
    const { value, gradient } = differentiate(n.generator, trained.parameters, (g) => {
      const z = statelessNormal([label.shape[0], preset.latentDim], foldSeed(seed, 0)) as tf.Tensor2D;
      const lengths = pathLengths(n, g, mapToStyle(preset, g, z, label), seed);
      const { penalty, nextMean } = pathLengthPenalty(lengths, runningMean, decay);
      kept.mean = tf.keep(nextMean);
      return tf.mul(penalty, weight * interval) as tf.Scalar;
    });
    const mean = kept.mean!.clone();
    tf.dispose(kept);
    return { trained: update(n.generatorAdam, trained, gradient, corrections), mean, penalty: value };
  };
  return compile(step, { name: 'gan_path_length', xla });
}
