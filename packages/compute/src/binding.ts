/** What the native addon offers (packages/compute/native/addon.cc). Tensors are known to it by id. */
export interface TensorInfo {
  id: number;
  dtype: number;
  shape: number[];
}

export interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

export interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  /** Loads the libraries first; returns why some couldn't be loaded. */
  initialize(intraOpThreads: number, interOpThreads: number, libraries: string[]): string[];
  isUsingGpuDevice(): boolean;
  gpuMemory(): number[];
  createTensor(shape: number[], dtype: number, data: unknown): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputCount: number): TensorInfo[];
  traceBegin(bfloat16: boolean): void;
  traceRefuseStrings(): void;
  tracePlaceholder(dtype: number, shape: number[]): TensorInfo;
  traceEnd(name: string, outputs: number[]): number;
  traceAbort(): void;
  callFunction(name: string, xla: boolean, inputs: number[], outputCount: number): TensorInfo[];
  removeFunction(name: string): void;
  getNumOfTensors(): number;
}
