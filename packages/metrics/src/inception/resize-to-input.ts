import { tf } from '@synspine/compute';

/** Side of the network's input, in pixels. */
export const INPUT_SIZE = 299;

/**
 * Resizes to 299 × 299 as TensorFlow 1 did by default (align_corners and half_pixel_centers both false: source = target·size/299, no
 * antialiasing; other resizers change FID by whole points), then (x − 128)/128.
 * `images` in 0…255, [batch, height, width, channels] → [batch, 299, 299, channels]
 */
export function resizeToInput(images: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.div(tf.sub(tf.image.resizeBilinear(images, [INPUT_SIZE, INPUT_SIZE]), 128), 128));
}
