/**
 * A broken promise in the compute package. `code` says which; the message ends in what to do.
 * Errors that the native addon throws are plain Errors with a `code` of the same kind (DATA_READ_IN_TRACE, UNKNOWN_SHAPE,
 * TRACED_TENSOR_ESCAPED, TENSORFLOW_ERROR, …).
 */
export class ComputeError extends Error {
  override readonly name = 'ComputeError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
