import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backend } from './backend.ts';
import { ComputeError } from './compute-error.ts';
import { flattenTree, mapTree, type TensorTree } from './tensor-tree.ts';
import { isTracing, type TracedFunction, traceFunction } from './trace-function.ts';

export interface CompileOptions {
  /** Appears in errors; functions may share a name. */
  name: string;
  /** Compile with XLA on the first call: seconds to a minute once, then faster steps. */
  xla?: boolean;
  /** 'bfloat16' runs convolutions and matrix products on bfloat16 inputs; all else stays float32. Default 'float32'. */
  precision?: 'float32' | 'bfloat16';
}

export interface CompiledFunction<A extends readonly TensorTree[], R extends TensorTree> {
  (...args: A): R;
  /** Frees the traced functions. The compiled function can't be called after that. */
  dispose(): void;
}

/** Each shape signature costs a trace and keeps a graph; more than this many means that some shape varies by mistake. */
const tracesMax = 8;

/**
 * Makes `fn` one TensorFlow function. The first call for each combination of input shapes and dtypes runs `fn` once on stand-ins and
 * records its ops, first- and second-order gradients included; later calls run the recording. Inputs and outputs keep their structure.
 *
 * `fn` is recorded by value: a tensor from outside becomes a constant, a JavaScript `if` or a `Math.random()` is frozen. Everything
 * that changes between calls (weights, optimizer slots, seeds) must be an argument. Inside a trace of another function, or of a
 * gradient in one, a compiled function is recorded inline.
 *
 * Errors: NOT_A_TENSOR, TENSOR_DISPOSED, TOO_MANY_TRACES, COMPILED_IN_GRADIENT, DISPOSED, DATA_READ_IN_TRACE, UNKNOWN_SHAPE, TENSORFLOW_ERROR.
 */
export function compile<A extends readonly TensorTree[], R extends TensorTree>(
  fn: (...args: A) => R,
  options: CompileOptions,
): CompiledFunction<A, R> {
  const traces = new Map<string, TracedFunction>();
  let disposed = false;
  const call = (...args: A): R => {
    if (disposed)
      throw new ComputeError('DISPOSED', `${options.name} was disposed. Compile it again to call it.`);
    if (isTracing()) return fn(...args);
    refuseGradient(options.name);
    const inputs = flattenTree(args, options.name);
    refuseDisposed(inputs);
    const signature = describeInputs(inputs);
    let traced = traces.get(signature);
    if (!traced) {
      refuseAnotherTrace(options.name, traces, signature);
      traced = traceFunction(fn as (...args: readonly unknown[]) => unknown, args, options);
      traces.set(signature, traced);
    }
    return run(
      backend(),
      traced,
      inputs.map(({ tensor }) => tensor),
      options.xla ?? false,
    ) as R;
  };
  const dispose = () => {
    disposed = true;
    for (const { nativeName } of traces.values()) backend().binding.removeFunction(nativeName);
    traces.clear();
  };
  return Object.assign(call, { dispose });
}

function run(native: Backend, traced: TracedFunction, inputs: tf.Tensor[], xla: boolean): unknown {
  const infos = native.binding.callFunction(
    traced.nativeName,
    xla,
    native.getInputTensorIds(inputs),
    traced.resultCount,
  );
  const results = infos.map((info) => native.createOutputTensor(info));
  const used = new Set<number>();
  const leaves = traced.outputs.map(({ from, index }) => {
    if (from === 'input') return inputs[index]!.clone(); // passed through: no copy, only another reference
    const first = !used.has(index);
    used.add(index);
    return first ? results[index]! : results[index]!.clone();
  });
  return mapTree(traced.structure, leaves.values());
}

function describeInputs(inputs: { path: string; tensor: tf.Tensor }[]): string {
  return inputs.map(({ path, tensor }) => `${path}: ${tensor.dtype}[${tensor.shape}]`).join(', ');
}

function refuseGradient(name: string): void {
  if (tf.engine().state.gradientDepth === 0) return;
  throw new ComputeError(
    'COMPILED_IN_GRADIENT',
    `${name} is compiled, so a gradient can't look inside it. Take the gradient inside the compiled function.`,
  );
}

function refuseDisposed(inputs: { path: string; tensor: tf.Tensor }[]): void {
  const gone = inputs.find(({ tensor }) => tensor.isDisposed);
  if (!gone) return;
  throw new ComputeError(
    'TENSOR_DISPOSED',
    `${gone.path} was disposed. Pass the state that the last call returned.`,
  );
}

function refuseAnotherTrace(name: string, traces: Map<string, TracedFunction>, signature: string): void {
  if (traces.size < tracesMax) return;
  throw new ComputeError(
    'TOO_MANY_TRACES',
    `${name} was traced for ${tracesMax} input shapes already. Keep shapes fixed (pad the last batch). New: ${signature}. ` +
      `Last: ${[...traces.keys()].at(-1)}`,
  );
}
