import { seededNormal, seededRandom } from '@synspine/compute';
import { backend } from '../../packages/compute/src/backend.ts';
import type { TensorInfo } from '../../packages/compute/src/binding.ts';
import type { RecordedInput, RecordedOp } from './record-ops.ts';

export type OpMode = 'eager' | 'plain' | 'xla';
export type OpResult = { dtype: number; shape: number[]; numbers: ArrayLike<number> };

let functionCount = 0;

/** Defined for positive numbers alone. */
const positiveOps = new Set(['Log', 'Sqrt', 'Rsqrt', 'Pow']);

/** Runs a recorded op on numbers that depend on its name alone: by itself, or as a traced function with its non-constants as arguments. */
export function runOp(op: RecordedOp, mode: OpMode): OpResult[] {
  const { binding } = backend();
  const inputs = op.inputs.map((input, i) =>
    binding.createTensor(input.shape, input.dtype, input.constant ?? numbersFor(op, input, i)),
  );
  const made = [...inputs];
  const outputs =
    mode === 'eager' ? binding.executeOp(op.name, op.attributes, inputs, op.outputCount) : callTraced();
  made.push(...outputs.map(({ id }) => id));
  const results = outputs.map(({ id, dtype, shape }) => ({
    dtype,
    shape,
    numbers: binding.tensorDataSync(id),
  }));
  for (const id of made) binding.deleteTensor(id);
  return results;

  function callTraced(): TensorInfo[] {
    const name = `one_${op.name}_${functionCount++}`; // XLA would run a removed function of the same name
    const isArgument = (_: unknown, i: number) => op.inputs[i]!.constant === null;
    try {
      binding.traceBegin(false);
      const inside = op.inputs.map(({ dtype, shape }, i) =>
        isArgument(null, i) ? binding.tracePlaceholder(dtype, shape).id : inputs[i]!,
      );
      const results = binding.executeOp(op.name, op.attributes, inside, op.outputCount).map(({ id }) => id);
      made.push(...results, ...inside.filter(isArgument));
      binding.traceEnd(name, results);
      return binding.callFunction(name, mode === 'xla', inputs.filter(isArgument), op.outputCount);
    } finally {
      binding.traceAbort();
      binding.removeFunction(name);
    }
  }
}

/** Normal floats, and 0 or 1 for int32 and bool, which is an index into every axis. */
function numbersFor(op: RecordedOp, { dtype, shape }: RecordedInput, index: number) {
  const { binding } = backend();
  const count = shape.reduce((a, b) => a * b, 1);
  const random = seededRandom(
    [...op.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), index) >>> 0,
  );
  if (dtype !== binding.TF_FLOAT) {
    const bits = Array.from({ length: count }, () => (random() < 0.5 ? 0 : 1));
    return dtype === binding.TF_BOOL ? Uint8Array.from(bits) : Int32Array.from(bits);
  }
  const shift = (x: number) => (positiveOps.has(op.name) ? Math.abs(x) + 0.1 : x);
  return Float32Array.from({ length: count }, () => shift(seededNormal(random)));
}

/** The largest difference, relative to the largest number; NaN equals NaN. Infinite when dtypes or shapes differ. */
export function differenceOf(actual: OpResult[], expected: OpResult[]): number {
  return Math.max(0, ...expected.map((result, i) => differenceOfOne(actual[i]!, result)));
}

function differenceOfOne(actual: OpResult, expected: OpResult): number {
  const describe = ({ dtype, shape, numbers }: OpResult) => `${dtype}:${shape}:${numbers.length}`;
  if (describe(actual) !== describe(expected)) return Number.POSITIVE_INFINITY;
  let [largest, scale] = [0, 1];
  for (let i = 0; i < expected.numbers.length; i++) {
    const [x, y] = [actual.numbers[i]!, expected.numbers[i]!];
    if (Object.is(x, y)) continue;
    if (!Number.isFinite(x) || !Number.isFinite(y)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(x - y));
    scale = Math.max(scale, Math.abs(y));
  }
  return largest / scale;
}
