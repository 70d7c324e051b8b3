export { readHeader, SAFETENSORS_HEAD_BYTES_MAX, type TensorEntry } from './header.ts';
export { SafetensorsError } from './safetensors-error.ts';
