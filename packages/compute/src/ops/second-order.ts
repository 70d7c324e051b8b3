import * as tf from '@tensorflow/tfjs-core';

/*
 * tfjs 4.22 has second-order gradients for only some ops: many throw, and those whose gradient uses their own saved output (sigmoid,
 * tanh, exp, softmax) are silently wrong. These are built only from ops that are right; second-order.test.ts keeps the table.
 */

/** 1 / (1 + e^-x), whose gradient s(1 - s) is computed anew from x so that it can itself be differentiated. Any shape. */
export function sigmoidSafe<T extends tf.Tensor>(x: T): T {
  return sigmoidWithGradient(x) as T;
}

const sigmoidWithGradient: (x: tf.Tensor) => tf.Tensor = (x) =>
  tf.customGrad((value, save) => {
    const input = value as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: tf.sigmoid(input),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const s = sigmoidWithGradient(saved[0]!);
        return tf.mul(dy, tf.mul(s, tf.sub(1, s)));
      },
    };
  })(x);

/** log(1 + e^x), exact for large |x|; its gradient is sigmoidSafe. Any shape. */
export function softplusStable<T extends tf.Tensor>(x: T): T {
  const withGradient = tf.customGrad((value, save) => {
    const input = value as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: tf.softplus(input),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, sigmoidSafe(saved[0]!)),
    };
  });
  return withGradient(x) as T;
}

/** Moves blocks of channels into space. [batch, height, width, block² · channels] → [batch, block · height, block · width, channels]. */
export function pixelShuffle(x: tf.Tensor4D, block: number): tf.Tensor4D {
  const [batch, height, width, packed] = x.shape;
  const channels = packed / block ** 2;
  if (!Number.isInteger(channels))
    throw new RangeError(`pixelShuffle can't split ${packed} channels into ${block} × ${block} blocks`);
  return tf.tidy(() => {
    const split = tf.reshape(x, [batch, height, width, block, block, channels]);
    return tf.reshape(tf.transpose(split, [0, 1, 3, 2, 4, 5]), [
      batch,
      height * block,
      width * block,
      channels,
    ]);
  });
}
