import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backend } from './backend.ts';
import { atLine } from './caller-line.ts';
import { ComputeError } from './compute-error.ts';
import { consume, type Donation, donatedTensors, refuseTaken } from './donation.ts';
import type { Precision } from './precision.ts';
import { flattenTree, mapTree, type TensorTree } from './tensor-tree.ts';
import { isTracing, type TracedFunction, traceFunction } from './trace-function.ts';

export interface CompileOptions {
  /** Appears in errors; functions may share a name. */
  name: string;
  /** Compile with XLA on the first call: seconds to a minute once, then faster steps. */
  xla?: boolean;
  /** 'bfloat16' runs convolutions and matrix products on bfloat16 inputs where the machine can; all else stays float32. Default 'float32'. */
  precision?: Precision;
  /**
   * Arguments that a call consumes: `true` the first, a number the argument at that place, a string a key of the first argument.
   * Their tensors are disposed when the call has succeeded (after a failed one they are still there to try again with); using one
   * later throws TENSOR_DONATED. Inline in another trace nothing is consumed.
   */
  donate?: Donation;
}

export interface CompiledFunction<A extends readonly TensorTree[], R extends TensorTree> {
  (...args: A): R;
  /** Frees the traced functions. The compiled function can't be called after that. */
  dispose(): void;
}

/** Each shape signature costs a trace and keeps a graph; more than this many means that some shape varies by mistake. */
const tracesMax = 8;
/** The trace that is worth a warning: a full batch and a last one that is smaller are two. */
const tracesWarned = 3;

const counts = { traces: 0, xlaCompilations: 0 };
const compiledByXla = new WeakSet<TracedFunction>();

/** How often functions were traced, and compiled by XLA, in this process so far. Both stand still while compiled functions are reused. */
export function compileCounts(): { traces: number; xlaCompilations: number } {
  return { ...counts };
}

/**
 * Makes `fn` one TensorFlow function. The first call for each combination of input shapes and dtypes runs `fn` once on stand-ins and
 * records its ops, first- and second-order gradients included; later calls run the recording. Inputs and outputs keep their structure.
 *
 * `fn` is recorded by value: a tensor from outside becomes a constant, a JavaScript `if` or a `Math.random()` is frozen. Everything
 * that changes between calls (weights, optimizer slots, seeds) must be an argument. Inside a trace of another function, or of a
 * gradient in one, a compiled function is recorded inline.
 *
 * Warns with SYNSPINE_RETRACE at the third trace. Errors of a call: NOT_A_TENSOR, TENSOR_DISPOSED, TENSOR_DONATED, UNKNOWN_DONATION,
 * TOO_MANY_TRACES, COMPILED_IN_GRADIENT, DISPOSED, OUT_OF_MEMORY, TENSORFLOW_ERROR; of a trace also those of traceFunction, each with
 * the line in `fn` that can't be traced.
 */
export function compile<A extends readonly TensorTree[], R extends TensorTree>(
  fn: (...args: A) => R,
  options: CompileOptions,
): CompiledFunction<A, R> {
  const { name, xla = false, donate = [] } = options;
  const compiledAt = new Error(name);
  const traces = new Map<string, TracedFunction>();
  let disposed = false;
  const call = (...args: A): R => {
    if (disposed) throw new ComputeError('DISPOSED', `${name} was disposed. Compile it again to call it.`);
    if (isTracing()) return fn(...args);
    refuseGradient(name);
    const inputs = flattenTree(args, name);
    refuseDisposed(inputs);
    const consumed = donatedTensors(donate, args, name);
    const signature = describeInputs(inputs);
    let traced = traces.get(signature);
    if (!traced) {
      refuseAnotherTrace(name, traces, signature);
      traced = traceFunction(fn as (...args: readonly unknown[]) => unknown, args, options, compiledAt);
      traces.set(signature, traced);
      noteTrace(name, traces.size, signature);
    }
    const tensors = inputs.map(({ tensor }) => tensor);
    let result: R;
    try {
      result = run(backend(), traced, tensors, xla) as R;
    } catch (error) {
      throw explainRun(error, name, () => listOps(fn as never, args, options, compiledAt));
    }
    consume(consumed, name);
    return result;
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
  if (xla && !compiledByXla.has(traced)) counts.xlaCompilations += 1;
  if (xla) compiledByXla.add(traced);
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

/** TensorFlow names the node that failed; its number leads to the line that called the op. */
function explainRun(error: unknown, name: string, listOps: () => Error[]): unknown {
  if (!(error instanceof ComputeError)) return error;
  // What follows the first line are hints about TensorFlow's own sessions.
  const [reason] = error.message.replace(/^\S+: (\{\{function_node \S+\}\} )?/, `${name}: `).split('\n');
  const message = error.code === 'OUT_OF_MEMORY' ? `${reason}. Use a smaller batch` : reason!;
  const node = /\{\{node (?:\S+\/)?op_(\d+)\}\}/.exec(error.message)?.[1];
  const op = node && listOps()[Number(node) - 1];
  return new ComputeError(error.code, op ? atLine(`${message}. Op ${op.message}`, op) : message);
}

/** Records the function once more, to learn where it calls which op. */
function listOps(
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  options: CompileOptions,
  compiledAt: Error,
): Error[] {
  const ops: Error[] = [];
  const { nativeName } = traceFunction(fn, args, options, compiledAt, ops);
  backend().binding.removeFunction(nativeName);
  return ops;
}

function noteTrace(name: string, count: number, signature: string): void {
  counts.traces += 1;
  if (count !== tracesWarned) return;
  const message = `${name} was traced for ${count} input shapes. Each costs a trace and keeps a graph: pad the last batch. New: ${signature}`;
  process.emitWarning(atLine(message, new Error(name)), { type: 'ComputeWarning', code: 'SYNSPINE_RETRACE' });
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
  refuseTaken(gone.tensor, gone.path);
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
