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
import { type Compilation, createPhase, everyNth } from './phase.ts';

type GeneratorSide = Trained & { average: tf.Tensor1D; styleAverage: tf.Tensor2D };

/** `corrections` [2]: Adam's bias corrections; `averageWeight` []: of the old average; `lambda` []: of the judge. */
type Update = {
  side: GeneratorSide;
  discriminator: tf.Tensor1D;
  augment: tf.Tensor1D;
  judge: Record<string, tf.Tensor>;
  corrections: tf.Tensor1D;
  averageWeight: tf.Scalar;
  lambda: tf.Scalar;
};

/** Moves each class's mean style towards the mean of its images in this batch. Classes that are absent stay. */
function nextStyleAverage(
  old: tf.Tensor2D,
  sum: tf.Tensor2D,
  count: tf.Tensor2D,
  decay: number,
): tf.Tensor2D {
  const mean = tf.div(sum, tf.maximum(count, 1e-3)); // of a batch in parts these are fractions
  const present = tf.cast(tf.greater(count, 0), 'float32');
  return tf.add(old, tf.mul(tf.mul(tf.sub(mean, old), present), 1 - decay));
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
    styles: whole.styles.map((style) => everyNth(style, 2, from)),
    batch: { images: everyNth(images, 2, from), label: everyNth(label, 2, from) },
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
export function createGeneratorStep(n: Networks, judge: DomainJudge | null, how: Compilation) {
  const { preset } = n;
  const slope = (fixed: Update, batch: Batch, seed: tf.Tensor1D) => {
    const { label } = batch;
    const d = unflatten(n.discriminator, fixed.discriminator);
    const look = (images: tf.Tensor4D, shown: tf.Tensor2D, stream: number) => {
      const seen = augment(preset.augment, images, augmentStrength(fixed.augment), foldSeed(seed, stream));
      return discriminate(preset, d, seen, shown);
    };
    const kept: { w?: tf.Tensor2D; stats?: tf.Tensor1D } = {}; // outlive the tape's tidy
    const judged = (fakes: tf.Tensor4D, wanted: tf.Tensor2D): [tf.Scalar, tf.Scalar] => {
      if (!judge) return [tf.scalar(0), tf.scalar(0)];
      const logits = judge.logits(fixed.judge, fakes) as tf.Tensor2D;
      return [labelCrossEntropy(logits, wanted), accuracy(logits, wanted)];
    };
    const { gradient } = differentiate(n.generator, fixed.side.parameters, (g) => {
      const drawn = drawStyles(preset, g, label, foldSeed(seed, 0));
      const parts = partsOf(n, { styles: drawn.styles, batch }).map((part, i) => {
        const fakes = synthesize(preset, g, part.styles);
        const { images, label: shown } = part.batch;
        const reals = preset.loss === 'relativistic' ? look(images, shown, 3 + i) : null;
        return { fakes, label: shown, reals, logits: look(fakes, shown, 1 + i) };
      });
      const reals = parts.flatMap((part) => part.reals ?? []);
      const logits = join(parts.map((part) => part.logits));
      const adversarial = generatorLoss(logits, reals.length > 0 ? join(reals) : null);
      const [crossEntropy, share] = judged(
        join(parts.map(({ fakes }) => fakes)),
        join(parts.map((part) => part.label)),
      );
      kept.w = tf.keep(drawn.w);
      kept.stats = tf.keep(tf.stack([adversarial, crossEntropy, share]) as tf.Tensor1D);
      return judge ? (tf.add(adversarial, tf.mul(crossEntropy, fixed.lambda)) as tf.Scalar) : adversarial;
    });
    const styleSum = tf.matMul(label, kept.w!, true, false) as tf.Tensor2D; // [classes,styleDim]
    const count = tf.reshape(tf.sum(label, 0), [-1, 1]) as tf.Tensor2D; // [classes,1]
    const stats = kept.stats!.clone();
    tf.dispose(kept);
    return { gradient, stats, styleSum, count };
  };
  const apply = ({ side, corrections, averageWeight }: Update, means: ReturnType<typeof slope>) => {
    const { gradient, stats, styleSum, count } = means;
    const trained = update(n.generatorAdam, side, gradient, corrections);
    const moved = tf.mul(trained.parameters, tf.sub(1, averageWeight));
    const average = tf.add(tf.mul(side.average, averageWeight), moved) as tf.Tensor1D;
    const styleAverage = nextStyleAverage(side.styleAverage, styleSum, count, preset.styleAverageDecay);
    return { side: { ...trained, average, styleAverage }, stats };
  };
  const name = judge ? 'gan_generator_judged' : 'gan_generator';
  return createPhase({ name, how, parts: n.parts }, slope, apply);
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
export function createPathLengthStep(n: Networks, how: Compilation) {
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
  return compile(step, { name: 'gan_path_length', ...how });
}
