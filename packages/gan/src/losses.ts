import { softplusStable, tf } from '@synspine/compute';

/**
 * `logistic`: the non-saturating loss of Goodfellow et al. (2014), each image by itself, with R1.
 * `relativistic`: the pairing loss of Jolicoeur-Martineau (2018, arXiv:1807.00734), each fake against a real of its label, with R1 and
 * R2 as Huang et al. (2024, arXiv:2501.05441) show it to converge: a fake gains nothing from being good while reals look better.
 */
export type AdversarialLoss = 'logistic' | 'relativistic';

/**
 * logistic: mean softplus(D(fake)) + mean softplus(−D(real)). relativistic: mean softplus(D(fakeᵢ) − D(realᵢ)). [b],[b] → []
 */
export function discriminatorLoss(kind: AdversarialLoss, fake: tf.Tensor1D, real: tf.Tensor1D): tf.Scalar {
  if (kind === 'relativistic') return tf.mean(softplusStable(tf.sub(fake, real))) as tf.Scalar;
  return tf.add(tf.mean(softplusStable(fake)), tf.mean(softplusStable(tf.neg(real)))) as tf.Scalar;
}

/** Non-saturating. logistic (no reals): mean softplus(−D(fake)). relativistic: mean softplus(D(realᵢ) − D(fakeᵢ)). [b],[b] → [] */
export function generatorLoss(fake: tf.Tensor1D, real: tf.Tensor1D | null): tf.Scalar {
  return tf.mean(softplusStable(real ? tf.sub(real, fake) : tf.neg(fake))) as tf.Scalar;
}

/**
 * Mean sign of what the discriminator should find positive: D(real), or D(real) − D(fake) of pairs, whose own zero means nothing.
 * ADA's measure of overfitting. [b],[b] → []
 */
export function confidentSign(kind: AdversarialLoss, fake: tf.Tensor1D, real: tf.Tensor1D): tf.Scalar {
  return tf.mean(tf.sign(kind === 'relativistic' ? tf.sub(real, fake) : real));
}

/**
 * Zero-centred gradient penalty γ/2 · mean ‖∇ₓ D(x)‖²: R1 at reals, R2 at fakes (Mescheder et al. 2018). `gradient` [b,h,w,1] is that of
 * ΣD, which is per image but for the minibatch deviation. → []
 */
export function gradientPenalty(gradient: tf.Tensor4D, gamma: number): tf.Scalar {
  return tf.mul(tf.mean(tf.sum(tf.square(gradient), [1, 2, 3])), gamma / 2) as tf.Scalar;
}

/**
 * Cross-entropy of a judge's logits [b,classes] against one-hot labels, → []. With two classes this is the paper's
 * −c·log S − (1−c)·log(1−S); its printed form has the sign of the second term wrong.
 */
export function labelCrossEntropy(logits: tf.Tensor2D, label: tf.Tensor2D): tf.Scalar {
  const shifted = tf.sub(logits, tf.max(logits, 1, true)); // largest logit 0: exp can't overflow
  const logSum = tf.log(tf.sum(tf.exp(shifted), 1)); // [b]
  const chosen = tf.sum(tf.mul(shifted, label), 1);
  return tf.mean(tf.sub(logSum, chosen)) as tf.Scalar;
}

/** StyleGAN2's path length regulariser: mean (length − running mean)², with the next running mean. [b],[] → [],[] */
export function pathLengthPenalty(
  lengths: tf.Tensor1D,
  runningMean: tf.Scalar,
  decay: number,
): { penalty: tf.Scalar; nextMean: tf.Scalar } {
  const nextMean = tf.add(runningMean, tf.mul(tf.sub(tf.mean(lengths), runningMean), decay)) as tf.Scalar;
  return { penalty: tf.mean(tf.square(tf.sub(lengths, nextMean))) as tf.Scalar, nextMean };
}
