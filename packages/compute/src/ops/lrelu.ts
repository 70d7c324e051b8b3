import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';
import { linearMap } from './linear-map.ts';

const slope = 0.2;

/**
 * gain · (x if x > 0, else 0.2 x), differentiable any number of times (tf.leakyRelu is so only once). Any shape.
 */
export function lrelu<T extends tf.Tensor>(x: T, gain = Math.SQRT2): T {
  const withGradient = tf.customGrad((value, save) => {
    const input = value as tf.Tensor;
    (save as tf.GradSaveFunc)([input]);
    return {
      value: tf.mul(run('LeakyRelu', [input]), gain),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(timesSlope(dy, saved!), gain),
    };
  });
  return withGradient(x) as T;
}

/** dy times the activation's slope at x: linear in dy and its own adjoint; constant in x almost everywhere. */
function timesSlope(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const map = (value: tf.Tensor) => run('LeakyReluGrad', [value, x]);
  return linearMap(dy, map, (dz, [constant]) => timesSlope(dz, constant!), [x]);
}

function run(op: 'LeakyRelu' | 'LeakyReluGrad', inputs: tf.Tensor[]): tf.Tensor {
  const native = backend();
  const { TF_ATTR_FLOAT, TF_ATTR_TYPE, TF_FLOAT } = native.binding;
  const attributes = [
    { name: 'alpha', type: TF_ATTR_FLOAT, value: slope },
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
  ];
  return native.executeSingleOutput(op, attributes, inputs);
}
