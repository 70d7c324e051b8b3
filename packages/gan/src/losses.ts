import { softplusStable, tf } from '@synspine/compute';

/** mean softplus(D(fake)) + mean softplus(−D(real)), the non-saturating logistic loss of the discriminator. [b],[b] → [] */
export function discriminatorLoss(fake: tf.Tensor1D, real: tf.Tensor1D): tf.Scalar {
  return tf.add(tf.mean(softplusStable(fake)), tf.mean(softplusStable(tf.neg(real)))) as tf.Scalar;
}

/** mean softplus(−D(fake)). [b] → [] */
export function generatorLoss(fake: tf.Tensor1D): tf.Scalar {
  return tf.mean(softplusStable(tf.neg(fake))) as tf.Scalar;
}

/** R1: γ/2 · mean ‖∇ₓ D(x)‖². `gradient` [b,h,w,1] is that of ΣD, which is per image because images don't interact. → [] */
export function r1Penalty(gradient: tf.Tensor4D, gamma: number): tf.Scalar {
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
