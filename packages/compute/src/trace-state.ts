import type { CompileOptions } from './compile.ts';
import type { ComputeError } from './compute-error.ts';

/** The trace under way. */
export interface TraceState {
  options: CompileOptions;
  /** Its stack leads to the call of `compile`. */
  compiledAt: Error;
  /** Where the function called the K-th op (at K − 1), as the stacks of Errors. Absent unless someone asks: stacks slow a trace by half. */
  ops?: Error[];
  /** A read of data that failed. It counts even if the function dropped the promise that carried it. */
  failedRead?: ComputeError;
}

let current: TraceState | undefined;

export function currentTrace(): TraceState | undefined {
  return current;
}

export function setCurrentTrace(trace: TraceState | undefined): void {
  current = trace;
}
