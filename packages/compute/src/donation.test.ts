import { beforeAll, describe, expect, it } from 'vitest';
import { compile, initCompute, liveTensors, tf } from './index.ts';

// oneDNN's allocator waits 10 s for memory before it gives up; TensorFlow's own says so at once.
process.env.TF_ENABLE_ONEDNN_OPTS = '0';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());
const vector = (...values: number[]) => tf.tensor1d(values) as tf.Tensor;
type State = { w: tf.Tensor; slot: tf.Tensor };
const start = (): State => ({ w: vector(1, 2), slot: vector(0, 0) });
const advance = (state: State, x: tf.Tensor) => ({ w: state.w.sub(x), slot: state.slot.add(1) });
const donated = (name: string) =>
  expect.objectContaining({ code: 'TENSOR_DONATED', message: expect.stringContaining(name) });

describe('donate', () => {
  it('disposes the first argument and leaves the others alive', () => {
    const step = compile(advance, { name: 'step', donate: true });
    const [state, x] = [start(), vector(1, 1)];
    const next = step(state, x);
    expect([state.w.isDisposed, state.slot.isDisposed, x.isDisposed]).toEqual([true, true, false]);
    expect([numbers(next.w), numbers(next.slot)]).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('takes arguments by place and keys of the first argument by name', () => {
    const byPlace = compile(advance, { name: 'by_place', donate: [1] });
    const [state, x] = [start(), vector(1, 1)];
    byPlace(state, x);
    expect([state.w.isDisposed, x.isDisposed]).toEqual([false, true]);
    const byName = compile(advance, { name: 'by_name', donate: ['slot'] });
    byName(state, vector(1, 1));
    expect([state.w.isDisposed, state.slot.isDisposed]).toEqual([false, true]);
  });

  it('runs a whole training loop with no dispose of state, and holds no more tensors at its end', () => {
    const step = compile(advance, { name: 'loop', donate: true });
    const x = vector(1, 1);
    let state = step(start(), x);
    const before = liveTensors();
    for (let i = 0; i < 100; i++) state = step(state, x);
    expect(liveTensors()).toBe(before);
    expect(numbers(state.w)).toEqual([-100, -99]);
  });

  it('names the taker when a donated tensor is used again, in whatever way', () => {
    const step = compile(advance, { name: 'taker', donate: true });
    const [state, x] = [start(), vector(1, 1)];
    step(state, x);
    const other = compile((y: tf.Tensor) => y.add(1), { name: 'other' });
    const uses = [
      () => state.w.dataSync(),
      () => state.w.clone(),
      () => state.w.add(1),
      () => tf.add(state.w, 1),
      () => tf.concat([x, state.w]),
      () => other(state.w),
      () => step(state, x),
      () => compile((y: tf.Tensor) => y.add(state.w), { name: 'closure' })(x),
    ];
    for (const use of uses) expect(use).toThrow(donated('taker'));
    expect(() => other(state.w)).toThrow(/^other\[0\] \(float32\[2\]\) was donated to taker/);
    expect(() => state.w.dispose()).not.toThrow();
  });

  it('names any other tensor that was disposed before an op used it', () => {
    const gone = vector(1);
    gone.dispose();
    expect(() => tf.add(gone, 1)).toThrow(expect.objectContaining({ code: 'TENSOR_DISPOSED' }));
  });

  it('leaves clones and results that pass an argument through alive', () => {
    const pass = compile((state: State) => ({ kept: state.w, next: state.slot.add(1) }), {
      name: 'pass',
      donate: true,
    });
    const state = start();
    const clone = state.w.clone();
    const result = pass(state);
    expect([numbers(clone), numbers(result.kept), numbers(result.next)]).toEqual([
      [1, 2],
      [1, 2],
      [1, 1],
    ]);
  });

  it('consumes nothing when the call fails, so that it can be tried again', () => {
    const failing = compile((state: State) => ({ w: state.w.add(tf.fill([2 ** 23, 2 ** 23], 1).sum()) }), {
      name: 'failing',
      donate: true,
    });
    const state = start();
    expect(() => failing(state)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    expect(numbers(state.w)).toEqual([1, 2]);
    expect(numbers(compile(advance, { name: 'again', donate: true })(state, vector(1, 1)).w)).toEqual([0, 1]);
  });

  it('consumes nothing inline in another trace, where arguments have no buffer', () => {
    const inner = compile((x: tf.Tensor) => x.add(1), { name: 'inner', donate: true });
    const outer = compile((x: tf.Tensor) => inner(x).mul(x), { name: 'outer' });
    const x = vector(3);
    expect(numbers(outer(x))).toEqual([12]);
    expect(x.isDisposed).toBe(false);
  });

  it('refuses to consume what it was not given', () => {
    const step = compile(advance, { name: 'greedy', donate: ['weights'] });
    const code = 'UNKNOWN_DONATION';
    expect(() => step(start(), vector(1, 1))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('greedy is to consume "weights"') }),
    );
    const far = compile(advance, { name: 'far', donate: [2] });
    expect(() => far(start(), vector(1, 1))).toThrow(expect.objectContaining({ code }));
  });
});
