import { backend } from '../src/backend.ts';
import type { Binding, OpAttribute, TensorInfo } from '../src/binding.ts';

export interface TraceReport {
  /** How often each native op was traced and gave what it gives eagerly. */
  equal: Map<string, number>;
  /** How many kinds of op (name, attributes, dtypes and ranks of the inputs) also gave that under XLA. */
  equalUnderXla: number;
  /** `op: what went wrong`, and how often. */
  problems: Map<string, number>;
}

const tolerance = 1e-5; // relative above 1, absolute below
/** Kernels that draw random numbers of their own. */
const random = new Set(['Multinomial', 'RandomStandardNormal', 'RandomUniform', 'TruncatedNormal']);
/** Ops whose result shape depends on data, or on numbers that a caller gives as JavaScript values and so never as arguments. */
const untraceable = new Set([
  'NonMaxSuppressionV3',
  'NonMaxSuppressionV4',
  'NonMaxSuppressionV5',
  'Range',
  'UniqueV2',
  'Where',
]);

/** Ops that XLA 2.21 has no code for on a CPU, or only for some inputs. It says so; it has no strings either. */
const withoutXla = new Set([
  ...['Bincount', 'CropAndResize', 'Dilation2D', 'Dilation2DBackpropFilter', 'Dilation2DBackpropInput'],
  'ResizeNearestNeighborGrad',
]);
/** What a graph refuses rightly, and eager einsum lets through. */
const refused = /Einsum output subscripts .* not present in the input subscripts/;

/**
 * From here on each op that runs eagerly also runs as a traced function of its own, with its float32 inputs as arguments and the others
 * as constants, and must give the same shape, dtype and numbers; the first of each kind also under XLA. What runs outside gets the eager
 * result.
 */
export function traceEachOp(): TraceReport {
  const { binding } = backend();
  const kinds = new Set<string>();
  const strings = backend().getDTypeInteger('string');
  const report: TraceReport = { equal: new Map(), equalUnderXla: 0, problems: new Map() };
  const infos = rememberTensors(binding);
  const eager = binding.executeOp;
  binding.executeOp = (name, attributes, inputs, outputCount) => {
    const expected = eager(name, attributes, inputs, outputCount);
    for (const info of expected) infos.set(info.id, info);
    if (random.has(name) || untraceable.has(name)) return expected;
    const kind = JSON.stringify([name, attributes, ...inputs.map((id) => kindOf(infos.get(id)))]);
    const xla = !kinds.has(kind) && !withoutXla.has(name) && !expected.some(({ dtype }) => dtype === strings);
    kinds.add(kind);
    const problem = traceOp({ binding, eager, infos }, { name, attributes, inputs, expected, xla });
    if (xla && !problem) report.equalUnderXla += 1;
    if (problem) addOne(report.problems, `${name}: ${problem}`);
    else addOne(report.equal, name);
    return expected;
  };
  return report;
}

interface Tracer {
  binding: Binding;
  eager: Binding['executeOp'];
  infos: Map<number, TensorInfo>;
}

function rememberTensors(binding: Binding): Map<number, TensorInfo> {
  const infos = new Map<number, TensorInfo>();
  const { createTensor, deleteTensor } = binding;
  binding.createTensor = (shape, dtype, data) => {
    const id = createTensor(shape, dtype, data);
    infos.set(id, { id, dtype, shape: [...shape] });
    return id;
  };
  binding.deleteTensor = (id) => {
    infos.delete(id);
    deleteTensor(id);
  };
  return infos;
}

let functionCount = 0;

interface Call {
  name: string;
  attributes: OpAttribute[];
  inputs: number[];
  expected: TensorInfo[];
  xla: boolean;
}

const kindOf = (info: TensorInfo | undefined) => info && [info.dtype, info.shape.length];

/** Undefined when the traced op gave what is expected, else what went wrong. */
function traceOp(tracer: Tracer, call: Call): string | undefined {
  const { binding, eager, infos } = tracer;
  const isFloat = (id: number) => infos.get(id)?.dtype === binding.TF_FLOAT;
  const nativeName = `spec_${++functionCount}`;
  const made: number[] = [];
  const keep = (info: TensorInfo) => made[made.push(info.id) - 1]!;
  const problemOf = (xla: boolean) => {
    const results = binding.callFunction(nativeName, xla, call.inputs.filter(isFloat), call.expected.length);
    results.forEach(keep);
    const found = results
      .map((result, i) => difference(tracer, call, result, call.expected[i]!))
      .find(Boolean);
    return found && xla ? `under XLA, ${found}` : found;
  };
  try {
    binding.traceBegin(false);
    const arguments_ = call.inputs.map((id) =>
      isFloat(id) ? keep(binding.tracePlaceholder(binding.TF_FLOAT, infos.get(id)!.shape)) : id,
    );
    const outputs = eager(call.name, call.attributes, arguments_, call.expected.length).map(keep);
    binding.traceEnd(nativeName, outputs);
    const problem = problemOf(false) ?? (call.xla ? problemOf(true) : undefined);
    binding.removeFunction(nativeName);
    return problem;
  } catch (error) {
    binding.traceAbort();
    const { message } = error as Error;
    return refused.test(message) ? undefined : message;
  } finally {
    for (const id of made) binding.deleteTensor(id);
  }
}

function difference(
  { binding, infos }: Tracer,
  { name, inputs }: Call,
  actual: TensorInfo,
  expected: TensorInfo,
): string | undefined {
  if (actual.dtype !== expected.dtype || String(actual.shape) !== String(expected.shape))
    return `dtype ${actual.dtype} [${actual.shape}], not ${expected.dtype} [${expected.shape}]`;
  // oneDNN's softmax, which graphs run, leaves the numbers beside a NaN as they are.
  const hasNaN = (id: number) =>
    infos.get(id)?.dtype === binding.TF_FLOAT && binding.tensorDataSync(id).some(Number.isNaN);
  if (name === 'Softmax' && inputs.some(hasNaN)) return undefined;
  const [x, y] = [binding.tensorDataSync(actual.id), binding.tensorDataSync(expected.id)];
  const at = x.findIndex((value, i) => !isClose(value, y[i]!));
  return at < 0 ? undefined : `element ${at} is ${x[at]}, not ${y[at]}`;
}

function isClose(x: number, y: number): boolean {
  if (typeof x !== 'number') return String(x) === String(y); // strings come as bytes
  return Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
