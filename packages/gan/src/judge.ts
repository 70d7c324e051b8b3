import { tf } from '@synspine/compute';

/**
 * The frozen classifier S of the domain loss. `logits` takes images [b,h,w,1] in −1..1, applies the transform that S was trained with
 * (size, channels, normalisation), runs in inference mode and returns [b,classes]. It is traced: pure, and differentiable once.
 */
export type DomainJudge = {
  parameters: Record<string, tf.Tensor>;
  logits(parameters: Record<string, tf.Tensor>, images: tf.Tensor4D): tf.Tensor;
};

/** Share of images whose largest logit is their label's. [b,classes],[b,classes] → [] */
export function accuracy(logits: tf.Tensor2D, label: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(label, 1)), 'float32'));
}
