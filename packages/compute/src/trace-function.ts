import * as tf from '@tensorflow/tfjs-core';
import { type Backend, backend } from './backend.ts';
import { atLine } from './caller-line.ts';
import type { CompileOptions } from './compile.ts';
import { ComputeError } from './compute-error.ts';
import { choosePrecision } from './precision.ts';
import { flattenTree, mapTree } from './tensor-tree.ts';
import { currentTrace, setCurrentTrace, type TraceState } from './trace-state.ts';

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
}

const framesMax = 200; // Node keeps 10, and tfjs alone puts more between a user's line and the addon

let functionCount = 0;

export function isTracing(): boolean {
  return currentTrace() !== undefined;
}

/** True while recording a function that XLA will compile: some ops have a form that XLA likes better. */
export function isTracingForXla(): boolean {
  return currentTrace()?.options.xla === true;
}

/**
 * Records `fn` as a native function. `args` only lend their structure, shapes and dtypes; the stack of `compiledAt` tells where
 * `compile` was called. `ops`, where given, receives an Error for each op, whose stack leads to the line that called it.
 * Errors: DATA_READ_IN_TRACE, UNKNOWN_SHAPE, UNSUPPORTED_OP, STRING_IN_TRACE, ASYNC_FUNCTION, NOT_A_TENSOR, TENSORFLOW_ERROR.
 */
export function traceFunction(
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  options: CompileOptions,
  compiledAt: Error,
  ops?: Error[],
): TracedFunction {
  const native = backend();
  functionCount += 1;
  const nativeName = `${options.name.replace(/[^A-Za-z0-9_]/g, '_')}_${functionCount}`;
  const trace: TraceState = { options, compiledAt, ...(ops && { ops }) };
  const framesBefore = Error.stackTraceLimit;
  Error.stackTraceLimit = framesMax;
  native.binding.traceBegin(choosePrecision(options) === 'bfloat16');
  native.binding.traceRefuseStrings();
  setCurrentTrace(trace);
  try {
    let traced: TracedFunction | undefined;
    // The outer tidy frees everything made in the trace, and leaves alone tensors from outside that `fn` returns.
    tf.tidy(() => {
      traced = record(native, nativeName, fn, args, trace);
    });
    return traced!;
  } catch (error) {
    throw trace.failedRead ?? explainUnsupported(error, options.name);
  } finally {
    setCurrentTrace(undefined);
    Error.stackTraceLimit = framesBefore;
    native.binding.traceAbort(); // nothing to abort after a complete trace
  }
}

function record(
  native: Backend,
  nativeName: string,
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  trace: TraceState,
): TracedFunction {
  const { name } = trace.options;
  // Every argument gets a stand-in of its own. Two arguments may share one buffer (a clone does), so a stand-in found by the
  // buffer's id would make the function use one argument in the place of the other.
  const standIns = flattenTree(args, name).map(({ tensor }) => standIn(native, tensor));
  const inputIds = native.getInputTensorIds(standIns);
  const structure = fn(...(mapTree(args, standIns.values()) as unknown[]));
  refusePromise(structure, trace);
  if (trace.failedRead) throw trace.failedRead;
  const leaves = flattenTree(structure, `the result of ${name}`).map(({ tensor }) => tensor);
  const resultIds: number[] = [];
  const outputs = native.getInputTensorIds(leaves).map((id) => outputSource(id, inputIds, resultIds));
  native.binding.traceEnd(nativeName, resultIds);
  return { nativeName, structure, outputs, resultCount: resultIds.length };
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

function refusePromise(structure: unknown, { options, compiledAt }: TraceState): void {
  if (!(structure instanceof Promise)) return;
  structure.catch(() => {}); // its failure comes from the trace and is reported here
  const message = `${options.name} is an async function (it returned a promise), and what it does after its first await isn't recorded. Make it a plain function`;
  throw new ComputeError('ASYNC_FUNCTION', atLine(message, compiledAt));
}

/** tfjs throws plain errors for ops that it has no kernel for. */
function explainUnsupported(error: unknown, name: string): unknown {
  const op = error instanceof Error && /[Kk]ernel '(\w+)'.* for backend/.exec(error.message)?.[1];
  if (!op) return error;
  const message = `${name}: op ${op} isn't supported here. Compose it of other ops`;
  return new ComputeError('UNSUPPORTED_OP', atLine(message, error));
}
