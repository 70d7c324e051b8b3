import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';
import { linearMap } from './linear-map.ts';

const slope = 0.2;

/**
 * gain · (x if x > 0, else 0.2 x) with gain > 0, differentiable any number of times (tf.leakyRelu is so only once). Any shape.
 * A gain that the layer before can give to its weights costs nothing there: lrelu(gain · x) is the same.
 */
export function lrelu<T extends tf.Tensor>(x: T, gain = Math.SQRT2): T {
  return activate(gain === 1 ? x : tf.mul(x, gain)) as T;
}

/** Keeps the result, whose sign is the input's, for the gradient: the input needn't stay in memory, and a convolution can write over it. */
function activate(x: tf.Tensor): tf.Tensor {
  const withGradient = tf.customGrad((value, save) => {
    const result = run('LeakyRelu', [value as tf.Tensor]);
    (save as tf.GradSaveFunc)([result]);
    return { value: result, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => timesSlope(dy, saved!) };
  });
  return withGradient(x);
}

/** dy times the activation's slope where it gave y: linear in dy and its own adjoint; constant in y almost everywhere. */
function timesSlope(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const map = (value: tf.Tensor) => run('LeakyReluGrad', [value, y]);
  return linearMap(dy, map, (dz, [constant]) => timesSlope(dz, constant!), [y]);
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
