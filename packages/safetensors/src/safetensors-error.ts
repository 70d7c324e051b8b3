/** Why a safetensors file is refused. Its message quotes names and numbers of the header, never data. */
export class SafetensorsError extends Error {
  readonly code: string;

  constructor(code: string, why: string) {
    super(`The safetensors file is refused: ${why}. Use a file written by Synspine.`);
    this.name = 'SafetensorsError';
    this.code = code;
  }
}
