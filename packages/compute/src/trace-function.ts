import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backend } from './backend.ts';
import type { CompileOptions } from './compile.ts';
import { flattenTree, mapTree } from './tensor-tree.ts';

/** Where a leaf of the result comes from: a result of the native function, or an argument passed through. */
interface OutputSource {
  from: 'result' | 'input';
  index: number;
}

export interface TracedFunction {
  nativeName: string;
  /** The traced function's return value; only its structure counts, its tensors are gone. */
  structure: unknown;
  /** One for each leaf of `structure`. */
  outputs: OutputSource[];
  resultCount: number;
  nodeCount: number;
}

let tracing: CompileOptions | undefined;
let functionCount = 0;

export function isTracing(): boolean {
  return tracing !== undefined;
}

/** True while recording a function that XLA will compile: some ops have a form that XLA likes better. */
export function isTracingForXla(): boolean {
  return tracing?.xla === true;
}

/** Records `fn` as a native function. `args` only lend their structure, shapes and dtypes. */
export function traceFunction(
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  options: CompileOptions,
): TracedFunction {
  const native = backend();
  functionCount += 1;
  const nativeName = `${options.name.replace(/[^A-Za-z0-9_]/g, '_')}_${functionCount}`;
  native.binding.traceBegin(options.precision === 'bfloat16');
  tracing = options;
  try {
    let traced: TracedFunction | undefined;
    // The outer tidy frees everything made in the trace, and leaves alone tensors from outside that `fn` returns.
    tf.tidy(() => {
      traced = record(native, nativeName, fn, args, options.name);
    });
    return traced!;
  } finally {
    tracing = undefined;
    native.binding.traceAbort(); // nothing to abort after a complete trace
  }
}

function record(
  native: Backend,
  nativeName: string,
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  name: string,
): TracedFunction {
  // Every argument gets a stand-in of its own. Two arguments may share one buffer (a clone does), so a stand-in found by the
  // buffer's id would make the function use one argument in the place of the other.
  const standIns = flattenTree(args, name).map(({ tensor }) => standIn(native, tensor));
  const inputIds = native.getInputTensorIds(standIns);
  const structure = fn(...(mapTree(args, standIns.values()) as unknown[]));
  const leaves = flattenTree(structure, `the result of ${name}`).map(({ tensor }) => tensor);
  const resultIds: number[] = [];
  const outputs = native.getInputTensorIds(leaves).map((id) => outputSource(id, inputIds, resultIds));
  const nodeCount = native.binding.traceEnd(nativeName, resultIds);
  return { nativeName, structure, outputs, resultCount: resultIds.length, nodeCount };
}

function standIn(native: Backend, tensor: tf.Tensor): tf.Tensor {
  return native.createOutputTensor(
    native.binding.tracePlaceholder(native.getDTypeInteger(tensor.dtype), tensor.shape),
  );
}

/** Appends to `resultIds` what the native function has to return. */
function outputSource(id: number, inputIds: number[], resultIds: number[]): OutputSource {
  const input = inputIds.indexOf(id);
  if (input >= 0) return { from: 'input', index: input };
  const known = resultIds.indexOf(id);
  if (known >= 0) return { from: 'result', index: known };
  return { from: 'result', index: resultIds.push(id) - 1 };
}
