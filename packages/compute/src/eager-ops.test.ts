import { beforeAll, describe, expect, it } from 'vitest';
import { initCompute, liveTensors, tf } from './index.ts';

beforeAll(() => {
  initCompute({ threads: 2 });
});

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync());

describe('the eager backend', () => {
  it('reports the TensorFlow it runs on and can be started twice', () => {
    expect(initCompute()).toEqual({ tensorflowVersion: '2.21.0', device: 'cpu', threads: 2 });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it('has chained ops on tensors', () => {
    expect(numbers(tf.tensor([1, 2, 3]).add(1).square())).toEqual([4, 9, 16]);
  });

  it('multiplies matrices', () => {
    const product = tf.matMul(
      tf.tensor2d([1, 2, 3, 4], [2, 2]),
      tf.tensor2d([5, 6, 7, 8], [2, 2]),
      false,
      true,
    );
    expect(product.arraySync()).toEqual([
      [17, 23],
      [39, 53],
    ]);
  });

  it('convolves with stride and padding', () => {
    const x = tf.range(0, 16).reshape([1, 4, 4, 1]) as tf.Tensor4D;
    const sums = tf.conv2d(x, tf.ones([2, 2, 1, 1]), 2, 'valid');
    expect(numbers(sums)).toEqual([10, 18, 42, 50]);
  });

  it('keeps int32, bool and string tensors what they are', () => {
    const ints = tf.tensor1d([7, -7], 'int32').add(tf.scalar(2147483647, 'int32'));
    expect(numbers(ints)).toEqual([-2147483642, 2147483640]);
    expect(ints.dtype).toBe('int32');
    const bools = tf.tensor1d([1, 2, 3]).greater(2);
    expect([bools.dtype, numbers(bools)]).toEqual(['bool', [0, 0, 1]]);
    expect(tf.concat([tf.tensor1d(['spine']), tf.tensor1d(['größe'])]).dataSync()).toEqual([
      'spine',
      'größe',
    ]);
  });

  it('handles empty tensors, scalars and lists of inputs', () => {
    expect(numbers(tf.concat([tf.zeros([0, 2]), tf.ones([1, 2])]))).toEqual([1, 1]);
    expect(numbers(tf.addN([tf.scalar(1), tf.scalar(2), tf.scalar(3)]))).toEqual([6]);
    expect(tf.stack([tf.ones([2]), tf.zeros([2])]).arraySync()).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(tf.split(tf.tensor1d([1, 2, 3, 4]), 2).map(numbers)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('gathers without reading the indices back, and refuses an index out of range', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(numbers(tf.gather(x, tf.tensor1d([2, 0], 'int32')))).toEqual([5, 6, 1, 2]);
    expect(numbers(tf.gather(x, tf.tensor1d([1], 'int32'), 1))).toEqual([2, 4, 6]);
    expect(() => tf.gather(x, tf.tensor1d([3], 'int32'))).toThrow(/not in \[0, 3\)/);
  });

  it('trains: gradients of a regression reach its solution', () => {
    const x = tf.tensor2d([0, 1, 2, 3], [4, 1]);
    const y = x.mul(2).sub(1);
    const weight = tf.variable(tf.zeros([1, 1]));
    const bias = tf.variable(tf.scalar(0));
    const adam = tf.train.adam(0.1);
    for (let step = 0; step < 300; step++) {
      adam.minimize(
        () =>
          x
            .matMul(weight as unknown as tf.Tensor2D)
            .add(bias)
            .sub(y)
            .square()
            .mean() as tf.Scalar,
      );
    }
    expect(numbers(weight)[0]).toBeCloseTo(2, 2);
    expect(numbers(bias)[0]).toBeCloseTo(-1, 2);
  });

  it('names the op when TensorFlow refuses it', () => {
    const bad = () =>
      tf.engine().runKernel(
        'BatchMatMul',
        { a: tf.ones([2, 3]), b: tf.ones([2, 3]) } as never,
        {
          transposeA: false,
          transposeB: false,
        } as never,
      );
    expect(bad).toThrow(/MatMul/);
  });

  it('frees what tidy and dispose free', () => {
    const before = liveTensors();
    for (let i = 0; i < 1000; i++) tf.tidy(() => tf.ones([8]).add(i).sum().dataSync());
    expect(liveTensors()).toBe(before);
  });
});
