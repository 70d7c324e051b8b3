import * as tf from '@tensorflow/tfjs-core';

/** 1 / (1 + e^-x), differentiable any number of times. Any shape. */
export function sigmoidSafe<T extends tf.Tensor>(x: T): T {
  return tf.sigmoid(x); // safe since repairGradients
}

/** log(1 + e^x), exact for large |x| and differentiable any number of times. Any shape. */
export function softplusStable<T extends tf.Tensor>(x: T): T {
  return tf.softplus(x);
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
