import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';

/** max(0, x) for any shape, differentiable once; its gradient is one op, tfjs's are four. */
export function relu<T extends tf.Tensor>(x: T): T {
  return activate(x, 'Relu') as T;
}

/** min(6, max(0, x)), as {@link relu}. */
export function relu6<T extends tf.Tensor>(x: T): T {
  return activate(x, 'Relu6') as T;
}

/** The result tells where the slope is 1 as well as the input does, and the layer after it keeps it anyway. */
function activate(x: tf.Tensor, op: 'Relu' | 'Relu6'): tf.Tensor {
  const withGradient = tf.customGrad((value, save) => {
    const result = run(op, [value as tf.Tensor]);
    (save as tf.GradSaveFunc)([result]);
    return {
      value: result,
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => run(`${op}Grad`, [dy, saved!]),
    };
  });
  return withGradient(x);
}

function run(op: string, inputs: tf.Tensor[]): tf.Tensor {
  const native = backend();
  const { TF_ATTR_TYPE, TF_FLOAT } = native.binding;
  return native.executeSingleOutput(op, [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }], inputs);
}
