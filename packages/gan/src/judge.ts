import { compile, tf } from '@synspine/compute';
import { type ImagePool, toTensors } from './batches.ts';

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

/** The frozen judge's accuracy on the validation films, in batches of the preset's size. */
export function judgeHeldOut(judge: DomainJudge, pool: ImagePool, batch: number): number {
  const measure = compile(
    (p: Record<string, tf.Tensor>, images: tf.Tensor4D, label: tf.Tensor2D) =>
      accuracy(judge.logits(p, images) as tf.Tensor2D, label),
    { name: 'gan_judge_held_out' },
  );
  const n = pool.labels.length;
  let right = 0;
  try {
    for (let begin = 0; begin < n; begin += batch) {
      const size = Math.min(batch, n - begin);
      const indices = Array.from({ length: size }, (_, i) => begin + i);
      right += tf.tidy(() => {
        const { images, label } = toTensors(pool, indices);
        return measure(judge.parameters, images, label).dataSync()[0]! * size;
      });
    }
  } finally {
    measure.dispose();
  }
  return right / n;
}
