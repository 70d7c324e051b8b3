import * as tf from '@tensorflow/tfjs-core';
import { backend } from '../backend.ts';
import type { OpAttribute } from '../binding.ts';

// Version 2 of the ops: version 3 also reserves scratch for cuDNN, whose size is only known when it runs.
const FORWARD_OUTPUTS = 5; // y, two statistics for moving averages, two that the gradient needs
const BACKWARD_OUTPUTS = 5; // of x, gain and bias, and two that are empty in training

/**
 * Batch normalisation by the batch's own statistics (Ioffe & Szegedy 2015), one op forward and one backward.
 * [batch, height, width, channels] with gain and bias [channels]; differentiable once.
 */
export function batchNormByBatch(
  x: tf.Tensor4D,
  gain: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor4D {
  const withGradient = tf.customGrad((...inputs) => {
    const [value, scale, offset, save] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const none = tf.tensor1d([]); // moving statistics, which training doesn't read
    const outputs = run('FusedBatchNormV2', epsilon, [value, scale, offset, none, none], FORWARD_OUTPUTS);
    save([value, scale, ...outputs.slice(3)]);
    return {
      value: outputs[0]!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        run('FusedBatchNormGradV2', epsilon, [dy, ...saved], BACKWARD_OUTPUTS).slice(0, 3),
    };
  });
  return withGradient(x, gain, bias) as tf.Tensor4D;
}

function run(op: string, epsilon: number, inputs: tf.Tensor[], outputs: number): tf.Tensor[] {
  const native = backend();
  const { TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = native.binding;
  const attributes: OpAttribute[] = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'U', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'epsilon', type: TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: TF_ATTR_BOOL, value: true },
  ];
  return native.executeMultipleOutputs(op, attributes, inputs, outputs);
}
