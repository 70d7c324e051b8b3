import type { Backend } from './backend.ts';
import type { Binding } from './binding.ts';
import { atLine } from './caller-line.ts';
import { ComputeError } from './compute-error.ts';
import { refuseGone } from './donation.ts';
import { currentTrace } from './trace-state.ts';

type Call = (...args: never[]) => unknown;

/** The native addon with its errors as ComputeErrors; those in a trace name the function and the user's line. */
export function guardBinding(raw: Binding): Binding {
  const guarded = Object.entries(raw).map(([name, value]) => [
    name,
    typeof value === 'function' ? explained(value) : value,
  ]);
  return { ...Object.fromEntries(guarded), executeOp: recorded(explained(raw.executeOp)) };
}

/** Checks what tfjs doesn't: that an op's inputs are alive. */
export function guardInputs(native: Backend): void {
  const getInputTensorIds = native.getInputTensorIds.bind(native);
  native.getInputTensorIds = (tensors) => {
    for (const tensor of tensors) refuseGone(native, tensor);
    return getInputTensorIds(tensors);
  };
}

function explained<F extends Call>(call: F): F {
  const guarded = (...args: never[]) => {
    try {
      return call(...args);
    } catch (error) {
      throw explain(error);
    }
  };
  return guarded as F;
}

function recorded(executeOp: Binding['executeOp']): Binding['executeOp'] {
  return (...args) => {
    currentTrace()?.ops?.push(new Error(args[0]));
    return executeOp(...args);
  };
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const trace = currentTrace();
  const code = String(error.code);
  if (!trace) return new ComputeError(code, error.message);
  const located = new ComputeError(code, atLine(`${trace.options.name}: ${error.message}`, error));
  if (code === 'DATA_READ_IN_TRACE') trace.failedRead ??= located;
  return located;
}
