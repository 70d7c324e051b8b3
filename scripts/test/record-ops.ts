import { backend } from '../../packages/compute/src/backend.ts';
import type { Binding, OpAttribute, TensorInfo } from '../../packages/compute/src/binding.ts';

type Data = ReturnType<Binding['tensorDataSync']>;

/** An input of a recorded op: numbers that the op computes on, or a constant such as a shape or a permutation. */
export type RecordedInput = { dtype: number; shape: number[]; constant: Data | null };

export type RecordedOp = {
  name: string;
  attributes: OpAttribute[];
  inputs: RecordedInput[];
  outputCount: number;
};

type Recording = { ops: Map<string, RecordedOp>; functions: Set<string>; stop: () => void };

/**
 * From here on, remembers the native ops that traced functions are made of: of each kind (name, attributes, dtypes and ranks of the
 * inputs) the smallest. `ops` grows as functions are traced; `stop` undoes it.
 */
export function recordTracedOps(): Recording {
  const { binding } = backend();
  const original = { ...binding };
  const ops = new Map<string, RecordedOp>();
  const functions = new Set<string>();
  const traced = new Map<number, TensorInfo>();
  const constants = new Map<number, TensorInfo>();
  let tracing = false;
  const remember = (info: TensorInfo) => {
    traced.set(info.id, info);
    return info;
  };
  binding.traceBegin = (...args) => {
    tracing = true;
    original.traceBegin(...args);
  };
  binding.traceEnd = (name, outputs) => {
    tracing = false;
    functions.add(name.replace(/_\d+$/, ''));
    return original.traceEnd(name, outputs);
  };
  binding.callFunction = (name, _xla, ...args) => original.callFunction(name, false, ...args); // a minute less of compiling
  binding.tracePlaceholder = (...args) => remember(original.tracePlaceholder(...args));
  binding.createTensor = (shape, dtype, data) => {
    const id = original.createTensor(shape, dtype, data);
    constants.set(id, { id, dtype, shape: [...shape] });
    return id;
  };
  binding.executeOp = (name, attributes, inputs, outputCount) => {
    const outputs = original.executeOp(name, attributes, inputs, outputCount);
    if (!tracing) {
      for (const info of outputs) constants.set(info.id, info);
      return outputs;
    }
    const describe = (id: number): RecordedInput => {
      const info = traced.get(id) ?? constants.get(id);
      if (!info) throw new Error(`${name} takes a tensor that was made before the recording`);
      return { ...info, constant: traced.has(id) ? null : binding.tensorDataSync(id) };
    };
    keepSmallest(ops, { name, attributes, inputs: inputs.map(describe), outputCount });
    outputs.forEach(remember);
    return outputs;
  };
  return { ops, functions, stop: () => void Object.assign(binding, original) };
}

const sizeOf = ({ inputs }: RecordedOp) =>
  inputs.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0);

function keepSmallest(ops: Map<string, RecordedOp>, op: RecordedOp): void {
  const inputs = op.inputs.map(({ dtype, shape, constant }) => [dtype, shape.length, constant !== null]);
  const key = JSON.stringify([op.name, op.attributes, inputs]);
  const known = ops.get(key);
  if (!known || sizeOf(op) < sizeOf(known)) ops.set(key, op);
}
