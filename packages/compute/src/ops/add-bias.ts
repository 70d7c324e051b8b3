import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';

/**
 * x + bias along the last axis, by the op that TensorFlow can merge into the convolution before it and the activation after it.
 * [..., channels], [channels] → [..., channels]. Differentiable any number of times.
 */
export function addBias<T extends tf.Tensor>(x: T, bias: tf.Tensor1D): T {
  const withGradient = tf.customGrad((value, offset) => ({
    value: run('BiasAdd', [value as tf.Tensor, offset as tf.Tensor]),
    gradFunc: (dy: tf.Tensor) => [dy, sumOverChannels(dy)],
  }));
  return withGradient(x, bias) as T;
}

/** Adds up all but the last axis. [..., channels] → [channels] */
function sumOverChannels(dy: tf.Tensor): tf.Tensor {
  const withGradient = tf.customGrad((value) => ({
    value: run('BiasAddGrad', [value as tf.Tensor]),
    gradFunc: (dz: tf.Tensor) => tf.mul(tf.ones(dy.shape), dz),
  }));
  return withGradient(dy);
}

function run(op: 'BiasAdd' | 'BiasAddGrad', inputs: tf.Tensor[]): tf.Tensor {
  const native = backend();
  const { TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = native.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
  ];
  return native.executeSingleOutput(op, attributes, inputs);
}
