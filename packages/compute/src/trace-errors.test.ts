import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, initCompute, liveTensors, tf } from './index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const lines = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');
/** The line of this file that ends in the comment. */
const at = (mark: string) =>
  `trace-errors.test.ts:${lines.findIndex((line) => line.endsWith(`// ${mark}`)) + 1}`;
const failure = (f: () => unknown): Error & { code?: string } => {
  try {
    f();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};
const bare = (promise: unknown) => promise as tf.Tensor;
const vector = () => tf.tensor1d([3, -1, 2]);
const boxes = (x: tf.Tensor) => x.reshape([3, 1]).tile([1, 4]) as tf.Tensor2D;

type Case = { what: string; code: string; op: RegExp; fn: (x: tf.Tensor) => unknown };

/** The last line of each function that can fail carries the case's name. */
const cases: Case[] = [
  {
    what: 'dataSync',
    code: 'DATA_READ_IN_TRACE',
    op: /op Relu/,
    fn: (x) => {
      const scale = x.relu().dataSync()[0]!; // dataSync
      return x.mul(scale);
    },
  },
  {
    what: 'arraySync of an argument',
    code: 'DATA_READ_IN_TRACE',
    op: /an argument of the function/,
    fn: (x) => tf.tensor(x.arraySync()), // arraySync of an argument
  },
  {
    what: 'print',
    code: 'DATA_READ_IN_TRACE',
    op: /op Exp/,
    fn: (x) => {
      x.exp().print(); // print
      return x;
    },
  },
  {
    what: 'data, whose promise is dropped',
    code: 'DATA_READ_IN_TRACE',
    op: /op Neg/,
    fn: (x) => {
      void x
        .neg()
        .data() // data, whose promise is dropped
        .catch(() => {});
      return x;
    },
  },
  {
    what: 'array, whose promise is returned',
    code: 'DATA_READ_IN_TRACE',
    op: /op Abs/,
    fn: (x) => bare(x.abs().array()), // array, whose promise is returned
  },
  {
    what: 'whereAsync',
    code: 'DATA_READ_IN_TRACE',
    op: /op Greater/,
    fn: (x) => bare(tf.whereAsync(x.greater(0))), // whereAsync
  },
  {
    what: 'booleanMaskAsync',
    code: 'DATA_READ_IN_TRACE',
    op: /op Reshape/,
    fn: (x) => bare(tf.booleanMaskAsync(x, x.less(0))), // booleanMaskAsync
  },
  {
    what: 'unique',
    code: 'UNKNOWN_SHAPE',
    op: /UniqueV2/,
    fn: (x) => tf.unique(x).values, // unique
  },
  {
    what: 'nonMaxSuppression',
    code: 'UNKNOWN_SHAPE',
    op: /NonMaxSuppression/,
    fn: (x) => tf.image.nonMaxSuppression(boxes(x), x as tf.Tensor1D, 2), // nonMaxSuppression
  },
  {
    what: 'where without branches',
    code: 'UNKNOWN_SHAPE',
    op: /Where/,
    fn: (x) => (tf.backend() as unknown as { where(c: tf.Tensor): tf.Tensor }).where(x.greater(0)), // where without branches
  },
  {
    what: 'an op without a kernel',
    code: 'UNSUPPORTED_OP',
    op: /op Draw/,
    fn: (x) => tf.engine().runKernel('Draw', { image: x }) as tf.Tensor, // an op without a kernel
  },
  {
    what: 'a tensor of strings',
    code: 'STRING_IN_TRACE',
    op: /StaticRegexReplace/,
    fn: (x) => {
      tf.string.staticRegexReplace(tf.tensor1d(['a']), 'a', 'b'); // a tensor of strings
      return x;
    },
  },
  {
    what: 'an op that TensorFlow refuses',
    code: 'TENSORFLOW_ERROR',
    op: /Reshape/,
    fn: (x) => tf.gather(tf.engine().runKernel('Reshape', { x }, { shape: [7] }) as tf.Tensor, 0), // an op that TensorFlow refuses
  },
];

describe('what can not be traced', () => {
  it.each(cases)('is refused with the function, the op and the line: $what', ({ what, code, op, fn }) => {
    const before = liveTensors();
    const f = compile(fn as (x: tf.Tensor) => tf.Tensor, { name: 'f_of_x' });
    const x = vector();
    const error = failure(() => f(x));
    expect({ name: error.name, code: error.code }).toEqual({ name: 'ComputeError', code });
    expect(error.message).toMatch(/^f_of_x: /);
    expect(error.message).toMatch(op);
    expect(error.message.endsWith(at(what)), error.message).toBe(true);
    x.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('is found inside a gradient and in a compiled function inside another one', () => {
    const inner = compile((x: tf.Tensor) => x.mul(x.square().dataSync()[0]!), { name: 'inner' }); // within
    const outer = compile((x: tf.Tensor) => tf.grad((y) => inner(y).sum())(x), { name: 'outer' });
    const error = failure(() => outer(vector()));
    expect(error.message).toMatch(/^outer: .*op Square/);
    expect(error.message.endsWith(at('within'))).toBe(true);
  });

  it('is an async function, named with the line that compiled it', () => {
    const f = async (x: tf.Tensor) => {
      await tf.nextFrame();
      return x;
    };
    const compiled = compile(f as never, { name: 'waiting' }) as (x: tf.Tensor) => tf.Tensor; // compiled here
    const error = failure(() => compiled(vector()));
    expect(error).toMatchObject({ name: 'ComputeError', code: 'ASYNC_FUNCTION' });
    expect(error.message).toMatch(/^waiting is an async function/);
    expect(error.message.endsWith(at('compiled here'))).toBe(true);
  });

  it('is an argument or a result of strings', () => {
    const f = compile((x: tf.Tensor) => x, { name: 'words' });
    expect(failure(() => f(tf.tensor1d(['a'])))).toMatchObject({ code: 'STRING_IN_TRACE' });
    const words = tf.tensor1d(['b']);
    const g = compile(() => words as tf.Tensor, { name: 'spoken' });
    expect(failure(() => g())).toMatchObject({ code: 'STRING_IN_TRACE' });
  });

  it("names the line of an op that XLA can't compile, on the first call", () => {
    const f = compile(
      (image: tf.Tensor4D) => {
        const bright = image.mul(2) as tf.Tensor4D; // XLA can do this
        return tf.image.cropAndResize(bright, tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([0], 'int32'), [2, 2]); // but not this
      },
      { name: 'crop', xla: true },
    );
    for (const _attempt of [1, 2]) {
      const error = failure(() => f(tf.ones([1, 4, 4, 1])));
      expect(error).toMatchObject({ name: 'ComputeError', code: 'TENSORFLOW_ERROR' });
      expect(error.message).toMatch(/^crop.*CropAndResize/);
      expect(error.message).toMatch(new RegExp(`Op CropAndResize\\. At .*${at('but not this')}$`));
    }
  });
});
