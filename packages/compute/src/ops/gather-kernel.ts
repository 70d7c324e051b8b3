import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backendName } from '../backend.ts';

/**
 * tfjs's own gather kernel reads the indices back to check them, which costs a host sync for each gather and is impossible in a
 * trace. TensorFlow checks them itself on the CPU; a GPU and XLA clamp or zero what is out of range.
 */
export const gatherWithoutReading: tf.KernelConfig = {
  kernelName: tf.GatherV2,
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      batchDims,
    ); // throws
    const native = backend as unknown as Backend;
    const type = native.binding.TF_ATTR_TYPE;
    const attributes = [
      { name: 'batch_dims', type: native.binding.TF_ATTR_INT, value: batchDims },
      { name: 'Tparams', type, value: native.getDTypeInteger(x.dtype) },
      { name: 'Tindices', type, value: native.getDTypeInteger(indices.dtype) },
      { name: 'Taxis', type, value: native.binding.TF_INT32 },
    ];
    return tf.tidy(() =>
      native.executeSingleOutput('GatherV2', attributes, [x, indices, tf.scalar(axis, 'int32')]),
    );
  },
};
