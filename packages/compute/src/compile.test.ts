import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, initCompute, liveTensors, tf } from './index.ts';
import { cpuHasBfloat16 } from './precision.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());
const vector = (...values: number[]) => tf.tensor1d(values);

describe('compile', () => {
  it('keeps the structure of inputs and outputs by name, whatever the order of the keys', () => {
    const f = compile(
      (p: { a: tf.Tensor; b: { c: tf.Tensor } }, list: tf.Tensor[]) => ({
        z: p.a.sub(p.b.c),
        inner: [list[0]!, list[1]!.mul(10)],
      }),
      { name: 'structure' },
    );
    const first = f({ a: vector(3), b: { c: vector(1) } }, [vector(5), vector(6)]);
    const second = f({ b: { c: vector(1) }, a: vector(3) }, [vector(5), vector(6)]);
    for (const result of [first, second]) {
      expect(Object.keys(result)).toEqual(['z', 'inner']);
      expect([result.z, ...result.inner].map(numbers)).toEqual([[2], [5], [60]]);
    }
  });

  it('keeps any nesting of results: one tensor, lists in objects in lists, empty ones, many at once', () => {
    const x = vector(2);
    expect(numbers(compile((y: tf.Tensor) => y.add(1), { name: 'one' })(x))).toEqual([3]);
    const nested = compile(
      (y: tf.Tensor) => [{ deep: { er: [[y, { sum: y.sum() }]] }, none: [], nothing: {} }, y.mul(3)] as const,
      { name: 'nested' },
    )(x);
    expect(leaves(nested)).toEqual(
      leaves([{ deep: { er: [[x, { sum: x.sum() }]] }, none: [], nothing: {} }, x.mul(3)]),
    );
    const many = compile(
      (y: tf.Tensor) => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`w${i}`, y.add(i)])),
      { name: 'many' },
    )(x);
    expect(Object.keys(many).length).toBe(300);
    expect(Object.entries(many).every(([name, y]) => numbers(y)[0] === 2 + Number(name.slice(1)))).toBe(true);
  });

  it('gives each of two inputs that share a buffer its own place', () => {
    const update = compile(
      (weights: tf.Tensor, ema: tf.Tensor) => ({ weights: weights.add(1), ema: ema.mul(10) }),
      {
        name: 'alias',
      },
    );
    const weights = vector(1, 2);
    const traced = update(weights, weights.clone()); // traced on aliases
    expect([numbers(traced.weights), numbers(traced.ema)]).toEqual([
      [2, 3],
      [10, 20],
    ]);
    const later = update(vector(5, 5), vector(7, 7));
    expect([numbers(later.weights), numbers(later.ema)]).toEqual([
      [6, 6],
      [70, 70],
    ]);
    const same = update(weights, weights);
    expect([numbers(same.weights), numbers(same.ema)]).toEqual([
      [2, 3],
      [10, 20],
    ]);
  });

  it('allows inputs that go unused, inputs returned as they are, and one result returned twice', () => {
    const f = compile(
      (used: tf.Tensor, _unused: tf.Tensor, passed: tf.Tensor) => {
        const y = used.add(1);
        return { passed, y, again: y, clone: passed.clone() };
      },
      { name: 'passing' },
    );
    const [used, unused, passed] = [vector(1), vector(2), vector(3)];
    const result = f(used, unused, passed);
    tf.dispose([used, unused, passed]); // the results must stand on their own
    expect(numbers(result.passed)).toEqual([3]);
    result.passed.dispose();
    result.y.dispose();
    expect([numbers(result.again), numbers(result.clone)]).toEqual([[2], [3]]);
  });

  it('freezes tensors from outside and leaves them alive', () => {
    const outside = vector(2);
    const f = compile((x: tf.Tensor) => ({ y: x.mul(outside), outside }), { name: 'constant' });
    tf.dispose(f(vector(1)));
    expect(numbers(outside)).toEqual([2]);
    outside.dispose();
    const { y, outside: constant } = f(vector(4));
    expect([numbers(y), numbers(constant)]).toEqual([[8], [2]]);
  });

  it('gives what eager execution gives for ops with lists, int32 shapes, gathers, pads and several outputs', () => {
    const f = (x: tf.Tensor2D) => ({
      concat: tf.concat([x, x.neg()], 1),
      padded: tf.mirrorPad(
        tf.pad(x, [
          [1, 1],
          [0, 0],
        ]),
        [
          [0, 0],
          [1, 1],
        ],
        'reflect',
      ),
      gathered: tf.gather(x, tf.tensor1d([1, 0], 'int32')),
      parts: tf.split(x, 2, 0),
      moments: tf.moments(x, 0),
      stacked: tf.unstack(x.transpose()),
      summed: tf.addN([x, x, x]),
      hot: tf.oneHot(tf.tensor1d([0, 2], 'int32'), 3),
      ranks: [x.argMax(1), x.sum(), x.mean(0, true), x.max(), x.cast('int32'), x.greater(0)],
    });
    const x = tf.tensor2d([0.5, -1.25, 3, 2, 0, -0.75], [2, 3]);
    const expected = f(x);
    for (const xla of [false, true]) {
      const actual = compile(f as never, { name: 'variety', xla })(x as never) as typeof expected;
      expect(leaves(actual)).toEqual(leaves(expected));
    }
  });

  it('works again after a trace has failed', () => {
    const failing = compile(
      (): tf.Tensor => {
        throw new Error('own error');
      },
      { name: 'failing' },
    );
    const before = liveTensors();
    expect(() => failing()).toThrow('own error');
    expect(liveTensors()).toBe(before);
    expect(numbers(compile((x: tf.Tensor) => x.add(1), { name: 'fine' })(vector(1)))).toEqual([2]);
  });

  it('refuses a tensor that escaped from a trace', () => {
    let escaped: tf.Tensor | undefined;
    const f = compile(
      (x: tf.Tensor) => {
        escaped = tf.keep(x.add(1));
        return x.mul(2);
      },
      { name: 'escaping' },
    );
    f(vector(1));
    expect(() => escaped!.add(1)).toThrow(expect.objectContaining({ code: 'TRACED_TENSOR_ESCAPED' }));
    escaped!.dispose();
  });

  it('records a compiled function inside another one inline, with its gradient', () => {
    const inner = compile((x: tf.Tensor) => x.square(), { name: 'inner' });
    const outer = compile((x: tf.Tensor) => tf.grad((y) => inner(y).sum())(x), { name: 'outer' });
    expect(numbers(outer(vector(3, 4)))).toEqual([6, 8]);
  });

  it('refuses to be differentiated from outside instead of giving no gradient', () => {
    const f = compile((x: tf.Tensor) => x.square(), { name: 'inside' });
    expect(() => tf.grad((x) => f(x).sum())(vector(3))).toThrow(
      expect.objectContaining({ code: 'COMPILED_IN_GRADIENT' }),
    );
  });

  it('refuses what is not a tensor, with its path', () => {
    const f = compile((p: { w: tf.Tensor }) => p.w, { name: 'typed' });
    expect(() => f({ w: 3 } as never)).toThrow(/typed\[0\]\.w is 3/);
    const g = compile((() => new Map()) as unknown as () => tf.Tensor, { name: 'map' });
    expect(() => g()).toThrow(/the result of map is a Map/);
  });

  it('names an input that was disposed', () => {
    const f = compile((p: { w: tf.Tensor }) => p.w.add(1), { name: 'stale' });
    const w = vector(1);
    w.dispose();
    const code = 'TENSOR_DISPOSED';
    expect(() => f({ w })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining('stale[0].w') }),
    );
  });

  it("can't be called after dispose", () => {
    const f = compile((x: tf.Tensor) => x, { name: 'gone' });
    f(vector(1));
    f.dispose();
    f.dispose();
    expect(() => f(vector(1))).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });

  it('computes convolutions and matrix products in bfloat16 when asked on a CPU that can, and everything else in float32', () => {
    const x = tf.tensor2d([1 + 2 ** -12, 1], [1, 2]); // the excess is lost in bfloat16
    const f = (a: tf.Tensor2D) => ({ product: a.matMul(tf.ones([2, 1])), sum: a.sum() });
    const low = compile(f as never, { name: 'low', precision: 'bfloat16' })(x as never) as ReturnType<
      typeof f
    >;
    const full = compile(f as never, { name: 'full' })(x as never) as ReturnType<typeof f>;
    const low16 = cpuHasBfloat16(readFileSync('/proc/cpuinfo', 'utf8')) ? 2 : 2 + 2 ** -12;
    expect([numbers(low.product), numbers(low.sum)]).toEqual([[low16], [2 + 2 ** -12]]);
    expect(numbers(full.product)).toEqual([2 + 2 ** -12]);
    expect(low.product.dtype).toBe('float32');
  });
});

function leaves(tree: unknown): unknown {
  if (tree instanceof tf.Tensor)
    return {
      shape: tree.shape,
      dtype: tree.dtype,
      values: numbers(tree).map((value) => Number(value.toFixed(5))),
    };
  if (Array.isArray(tree)) return tree.map(leaves);
  return Object.fromEntries(Object.entries(tree as object).map(([key, value]) => [key, leaves(value)]));
}
