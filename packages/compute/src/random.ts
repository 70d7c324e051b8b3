import * as tf from '@tensorflow/tfjs-core';
import { backend } from './backend.ts';

/*
 * A counter-based generator: number i of a seed is a hash of i and the seed, so there is no state to save. It is made of int32 ops
 * that give the same bits eagerly, traced and under XLA, on any device. TensorFlow's own stateless ops don't (XLA numbers Philox
 * blocks differently), and under XLA on a CPU they make 1 million numbers a second where this makes a hundred.
 */

/** int32 [2]. The same seed always gives the same numbers, so a run can be resumed. */
export type Seed = tf.Tensor1D;

/** Standard normal numbers by the Box-Muller transform, |x| < 5.8. */
export function statelessNormal(shape: readonly number[], seed: Seed): tf.Tensor {
  const count = sizeOf(shape);
  const pairs = Math.ceil(count / 2);
  return tf.tidy(() => {
    const uniform = statelessUniform([2 * pairs], seed);
    const radius01 = tf.slice(uniform, [0], [pairs]);
    const angle = tf.mul(tf.slice(uniform, [pairs], [pairs]), 2 * Math.PI);
    const radius = tf.sqrt(tf.mul(tf.log(tf.sub(1, radius01)), -2)); // 1 - u is in (0, 1], so the logarithm is finite
    const values = tf.concat([tf.mul(radius, tf.cos(angle)), tf.mul(radius, tf.sin(angle))]);
    return tf.reshape(tf.slice(values, [0], [count]), [...shape]);
  });
}

/** Uniform numbers in [min, max), multiples of (max - min) / 2^24. */
export function statelessUniform(shape: readonly number[], seed: Seed, min = 0, max = 1): tf.Tensor {
  return tf.tidy(() => {
    const bits24 = shiftRight(randomBits(sizeOf(shape), seed), 8);
    const scaled = tf.add(tf.mul(tf.cast(bits24, 'float32'), (max - min) / 2 ** 24), min);
    return tf.reshape(scaled, [...shape]);
  });
}

/** Uniform int32 numbers in [min, max), where max - min is at most 2^24. */
export function statelessInt(shape: readonly number[], seed: Seed, min: number, max: number): tf.Tensor {
  if (!(max > min && max - min <= 2 ** 24))
    throw new RangeError(`statelessInt needs 1 to 2^24 values, not [${min}, ${max})`);
  return tf.tidy(() => {
    const offset = tf.cast(tf.floor(statelessUniform(shape, seed, 0, max - min)), 'int32');
    return tf.add(offset, tf.scalar(min, 'int32'));
  });
}

/**
 * An independent seed derived from `seed` and an index that is fixed when tracing. Draw each of a step's random tensors from a
 * sub-seed of its own: two draws from one seed are equal.
 */
export function foldSeed(seed: Seed, index: number): Seed {
  return tf.tidy(() => {
    const offset = tf.tensor1d([Math.imul(index + 1, 0x9e3779b9), 0x5bd1e995], 'int32');
    return hash(tf.add(seed, offset)) as Seed; // drawing mixes the two words
  });
}

/** int32 [count], every bit random. */
function randomBits(count: number, seed: tf.Tensor): tf.Tensor1D {
  return tf.tidy(() => {
    // Hashing the seed first sends neighbouring seeds to unrelated parts of the sequence.
    const mixed = hash(tf.add(seed, tf.tensor1d([0x243f6a88, -0x7a5cf72d], 'int32')));
    const [first, second] = tf.unstack(hash(tf.add(mixed, tf.reverse(mixed)))); // both []
    const counter = tf.range(0, count, 1, 'int32');
    return hash(tf.add(hash(tf.add(counter, first!)), tf.add(second!, tf.unstack(mixed)[0]!))) as tf.Tensor1D;
  });
}

/** The 32-bit finaliser "lowbias32" (C. Wellons, 2018, public domain): each input bit flips each output bit half of the time. */
function hash(x: tf.Tensor): tf.Tensor {
  const first = tf.mul(xor(x, shiftRight(x, 16)), tf.scalar(0x7feb352d, 'int32'));
  const second = tf.mul(xor(first, shiftRight(first, 15)), tf.scalar(0x846ca68b | 0, 'int32'));
  return xor(second, shiftRight(second, 16));
}

/** Logical shift; TensorFlow shifts int32 arithmetically, so the copies of the sign bit are masked away. */
function shiftRight(x: tf.Tensor, bits: number): tf.Tensor {
  const shifted = bitwise('RightShift', x, tf.scalar(bits, 'int32'));
  return bitwise('BitwiseAnd', shifted, tf.scalar(0xffffffff >>> bits, 'int32'));
}

function xor(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return bitwise('BitwiseXor', x, y);
}

function bitwise(op: 'RightShift' | 'BitwiseAnd' | 'BitwiseXor', x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const native = backend();
  const { TF_ATTR_TYPE: type, TF_INT32: value } = native.binding;
  return native.executeSingleOutput(op, [{ name: 'T', type, value }], [x, y]);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
