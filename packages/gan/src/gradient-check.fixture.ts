import { tf } from '@synspine/compute';

/** The tensors that an op under test depends on, by name. */
export type Arguments = Readonly<Record<string, tf.Tensor>>;
export type Op = (args: Arguments) => tf.Tensor;

const directionCount = 3; // no wrong gradient is orthogonal to three random directions by chance
// The stencil's truncation grows with step⁴, float32's rounding with 1/step: about the best of both for values near 1.
const step = 0.03;
const stencil = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
] as const;

/** Fixed numbers without a pattern, mean about 0 and variance about 1. */
export function wave(shape: readonly number[], phase: number): tf.Tensor {
  return tf.randomNormal([...shape], 0, 1, 'float32', 1000 + phase);
}

function named<T>(names: string[], values: T[]): Record<string, T> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** ½ Σ c·op², with c fixed: not linear in the op's result, so that an op that is linear has a gradient to test twice. */
function loss(op: Op, args: Arguments): tf.Scalar {
  const y = op(args);
  return tf.mul(tf.sum(tf.mul(tf.add(wave(y.shape, 99), 0.5), tf.square(y))), 0.5) as tf.Scalar;
}

function gradients(f: (args: Arguments) => tf.Tensor, args: Arguments): Record<string, tf.Tensor> {
  const names = Object.keys(args);
  return named(names, tf.grads((...values: tf.Tensor[]) => f(named(names, values)))(Object.values(args)));
}

/** ‖∂loss/∂name‖², the form of R1 and of the path length: its gradient needs the op's second-order gradient. */
function penalty(op: Op, name: string, args: Arguments): tf.Scalar {
  return tf.sum(tf.square(gradients((inner) => loss(op, inner), args)[name]!)) as tf.Scalar;
}

/** ‖tape − difference‖ / ‖difference‖ over directions of one argument; NaN when `f` doesn't depend on it, which fails any limit. */
function directionalError(f: (args: Arguments) => tf.Scalar, args: Arguments, name: string): number {
  const [x, slope] = [args[name]!, gradients(f, args)[name]!];
  const pairs = Array.from({ length: directionCount }, (_, i) => {
    const direction = wave(x.shape, i);
    const at = (k: number) => f({ ...args, [name]: tf.add(x, tf.mul(direction, k * step)) }).dataSync()[0]!;
    const difference = stencil.reduce((sum, [k, weight]) => sum + (weight * at(k)) / step, 0);
    return { difference, tape: tf.sum(tf.mul(slope, direction)).dataSync()[0]! };
  });
  const norm = (values: number[]) => Math.hypot(...values);
  return norm(pairs.map((p) => p.tape - p.difference)) / norm(pairs.map((p) => p.difference));
}

/** Fails for the arguments whose error isn't below `limit`, NaN included. */
export function expectBelow(errors: Record<string, number>, limit: number): void {
  const wrong = Object.entries(errors).filter(([, error]) => !(error < limit));
  if (wrong.length > 0) throw new Error(`gradients are off by ${JSON.stringify(Object.fromEntries(wrong))}`);
}

/** Relative errors of the tape's gradient of `op` against finite differences in float32, for each argument. */
export function firstOrderErrors(op: Op, args: Arguments): Record<string, number> {
  const names = Object.keys(args);
  const error = (name: string) => tf.tidy(() => directionalError((inner) => loss(op, inner), args, name));
  return named(
    names,
    names.map((name) => error(name)),
  );
}

/** The same for the gradient by `b` of a penalty on the gradient by `a`, under the name `a, b`, for each pair of arguments. */
export function secondOrderErrors(op: Op, args: Arguments): Record<string, number> {
  const names = Object.keys(args);
  const pairs = names.flatMap((a) => names.map((b) => [a, b] as const));
  const error = (a: string, b: string) =>
    tf.tidy(() => directionalError((inner) => penalty(op, a, inner), args, b));
  return named(
    pairs.map(([a, b]) => `${a}, ${b}`),
    pairs.map(([a, b]) => error(a, b)),
  );
}
