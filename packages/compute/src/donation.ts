import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from './backend.ts';
import { ComputeError } from './compute-error.ts';
import { flattenTree, type TensorTree } from './tensor-tree.ts';

/** Which arguments a call consumes: `true` the first, a number the argument at that place, a string a key of the first argument. */
export type Donation = true | readonly (number | string)[];

/** Who consumed a tensor. */
const takenBy = new WeakMap<object, string>();

/** The tensors that a call with these arguments consumes. Errors: UNKNOWN_DONATION. */
export function donatedTensors(
  donate: Donation | readonly [],
  args: readonly TensorTree[],
  name: string,
): tf.Tensor[] {
  const wanted = donate === true ? [0] : donate;
  return wanted.flatMap((which) => {
    const tree =
      typeof which === 'number' ? args[which] : (args[0] as { [key: string]: TensorTree })?.[which];
    if (tree === undefined)
      throw new ComputeError(
        'UNKNOWN_DONATION',
        `${name} is to consume ${describe(which)}, which it wasn't given`,
      );
    return flattenTree(tree, name).map(({ tensor }) => tensor);
  });
}

/** Disposes the tensors and remembers who took them, so that a later use says so. */
export function consume(tensors: tf.Tensor[], name: string): void {
  for (const tensor of tensors) {
    tensor.dispose();
    takenBy.set(tensor, name);
    // tfjs's own check, which its methods (data, clone, add, …) call, would only say "Tensor is disposed."
    Object.defineProperty(tensor, 'throwIfDisposed', { value: () => refuseTaken(tensor) });
  }
}

/** Errors: TENSOR_DONATED. `path` names the tensor. */
export function refuseTaken(tensor: tf.Tensor, path = 'The tensor'): void {
  const taker = takenBy.get(tensor);
  if (taker === undefined) return;
  throw new ComputeError(
    'TENSOR_DONATED',
    `${path} (${tensor.dtype}[${tensor.shape}]) was donated to ${taker}, which consumed it. Use what ${taker} returned, or clone it before`,
  );
}

/** For an op's inputs, which tfjs doesn't check. Errors: TENSOR_DONATED, TENSOR_DISPOSED. */
export function refuseGone(native: Backend, tensor: tf.TensorInfo): void {
  if (!(tensor instanceof tf.Tensor) || !tensor.isDisposed) return;
  refuseTaken(tensor);
  if (native.tensorMap.has(tensor.dataId)) return; // another tensor holds its data; kernels of tfjs rely on that
  throw new ComputeError(
    'TENSOR_DISPOSED',
    `The tensor (${tensor.dtype}[${tensor.shape}]) was disposed. Keep it until its last use`,
  );
}

function describe(which: number | string): string {
  return typeof which === 'number' ? `argument ${which}` : `"${which}" of its first argument`;
}
