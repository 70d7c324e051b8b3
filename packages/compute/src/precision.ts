import { readFileSync } from 'node:fs';
import { backend } from './backend.ts';

export type Precision = 'float32' | 'bfloat16';
type Wish = { name: string; precision?: Precision };

/** Instructions that multiply bfloat16 and add in float32, as /proc/cpuinfo names them. */
const bfloat16Flags = new Set(['avx512_bf16', 'amx_bf16']);

let warned = false;

/** Whether this machine computes in bfloat16. */
function hasBfloat16(): boolean {
  return backend().binding.isUsingGpuDevice() || cpuHasBfloat16(readFileSync('/proc/cpuinfo', 'utf8'));
}

export function cpuHasBfloat16(cpuinfo: string): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  return flags.split(' ').some((flag) => bfloat16Flags.has(flag));
}

/**
 * The precision that a function gets. A CPU without the instructions emulates bfloat16, 3 to 12 times slower than float32 (and oneDNN
 * refuses some convolutions), so there it is float32, which a warning (SYNSPINE_BFLOAT16_UNSUPPORTED) says once in a process.
 */
export function choosePrecision({ name, precision = 'float32' }: Wish, isAvailable = hasBfloat16): Precision {
  if (precision === 'float32' || isAvailable()) return precision;
  if (!warned) {
    process.emitWarning(`${name} asks for bfloat16, which this CPU doesn't have: it runs in float32.`, {
      type: 'ComputeWarning',
      code: 'SYNSPINE_BFLOAT16_UNSUPPORTED',
    });
  }
  warned = true;
  return 'float32';
}
