import * as tf from '@tensorflow/tfjs-core';
import type { Binding, OpAttribute, TensorInfo } from './binding.ts';
import { ComputeError } from './compute-error.ts';

export const backendName = 'tensorflow';

/** What this package uses of tfjs's NodeJSKernelBackend. */
export interface Backend {
  binding: Binding;
  tensorMap: { has(dataId: object): boolean };
  getDTypeInteger(dtype: tf.DataType): number;
  /** Native ids, after sending to TensorFlow what tfjs still holds as a JavaScript array. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(info: TensorInfo): tf.Tensor;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** The started backend. Errors: COMPUTE_NOT_STARTED. */
export function backend(): Backend {
  const found = tf.findBackend(backendName);
  if (!found)
    throw new ComputeError('COMPUTE_NOT_STARTED', 'TensorFlow is not started. Call initCompute() first.');
  return found as unknown as Backend;
}

/** How many tensors the native side holds. Steady from step to step unless something leaks. */
export function liveTensors(): number {
  return backend().binding.getNumOfTensors();
}
