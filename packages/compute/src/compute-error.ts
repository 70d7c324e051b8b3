/**
 * A broken promise in the compute package. `code` says which (OUT_OF_MEMORY, DATA_READ_IN_TRACE, UNKNOWN_SHAPE, TENSORFLOW_ERROR, …);
 * the message ends in what to do. The native addon's errors arrive as these too.
 */
export class ComputeError extends Error {
  override readonly name = 'ComputeError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
