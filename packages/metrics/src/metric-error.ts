export type MetricErrorCode =
  | 'shape-mismatch'
  | 'not-finite'
  | 'too-few-samples'
  | 'unequal-counts'
  | 'not-converged'
  | 'bad-option';

/** A broken promise of the caller's: the input can't be scored. `code` is stable, the message says what to do next. */
export class MetricError extends Error {
  readonly code: MetricErrorCode;

  constructor(code: MetricErrorCode, message: string) {
    super(message);
    this.name = 'MetricError';
    this.code = code;
  }
}
