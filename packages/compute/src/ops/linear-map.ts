import * as tf from '@tensorflow/tfjs-core';

/**
 * A linear map with its adjoint as gradient. When the adjoint is itself built by this function, gradients of every order are right,
 * because the gradient of a linear map doesn't depend on its input.
 * @param constants tensors that the adjoint needs; kept alive for as long as a gradient may be taken
 */
export function linearMap(
  x: tf.Tensor,
  map: (x: tf.Tensor) => tf.Tensor,
  adjoint: (dy: tf.Tensor, constants: tf.Tensor[]) => tf.Tensor,
  constants: tf.Tensor[] = [],
): tf.Tensor {
  const withGradient = tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)(constants);
    return { value: map(input as tf.Tensor), gradFunc: adjoint };
  });
  return withGradient(x);
}
