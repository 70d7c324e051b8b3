import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backendName } from '../backend.ts';

/** tfjs-node says that the input has its own dtype after casting it to float32, which a graph refuses for int32 and bool. */
const mean: tf.KernelConfig = {
  kernelName: tf.Mean,
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.Tensor;
    const { axis, keepDims } = attrs as unknown as tf.MeanAttrs;
    const native = backend as unknown as Backend;
    const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = native.binding;
    const attributes = [
      { name: 'keep_dims', type: TF_ATTR_BOOL, value: keepDims },
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'Tidx', type: TF_ATTR_TYPE, value: TF_INT32 },
    ];
    const axes = tf.util.parseAxisParam(axis, x.shape);
    return tf.tidy(() =>
      native.executeSingleOutput('Mean', attributes, [tf.cast(x, 'float32'), tf.tensor1d(axes, 'int32')]),
    );
  },
};

/** TensorFlow 2.21 rounds every int32 to 0 on a CPU. */
const round: tf.KernelConfig = {
  kernelName: tf.Round,
  backendName,
  kernelFunc: ({ inputs, backend }) => {
    const x = inputs.x as tf.Tensor;
    if (x.dtype === 'int32') return tf.clone(x);
    const native = backend as unknown as Backend;
    const { TF_ATTR_TYPE: type, TF_FLOAT: value } = native.binding;
    return native.executeSingleOutput('Round', [{ name: 'T', type, value }], [x]);
  },
};

export const repairedKernels = [mean, round];
