import * as tf from '@tensorflow/tfjs-core';
import { backend } from './backend.ts';

/** int32 [2]. The same seed always gives the same numbers, eagerly and traced, so a run can be resumed. */
export type Seed = tf.Tensor1D;

/** Standard normal numbers. Differs from tf.randomNormal in that it runs in TensorFlow and depends on nothing but its seed. */
export function statelessNormal(shape: readonly number[], seed: Seed): tf.Tensor {
  return draw('StatelessRandomNormal', shape, seed, []);
}

/** Uniform numbers in [min, max). */
export function statelessUniform(shape: readonly number[], seed: Seed, min = 0, max = 1): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(draw('StatelessRandomUniform', shape, seed, []), max - min), min));
}

/** Uniform int32 numbers in [min, max). */
export function statelessInt(shape: readonly number[], seed: Seed, min: number, max: number): tf.Tensor {
  return tf.tidy(() =>
    draw(
      'StatelessRandomUniformInt',
      shape,
      seed,
      [tf.scalar(min, 'int32'), tf.scalar(max, 'int32')],
      'int32',
    ),
  );
}

/**
 * An independent seed derived from `seed` and an index known when tracing. Draw each of a step's random tensors from a sub-seed of
 * its own: two draws from one seed are equal.
 */
export function foldSeed(seed: Seed, index: number): Seed {
  return tf.tidy(() => {
    // Weyl sequence steps (2^32 / golden ratio) keep neighbouring seeds and indices apart; Philox does the mixing.
    const offset = tf.tensor1d([Math.imul(index + 1, 0x9e3779b9), 0x5bd1e995], 'int32');
    return draw('StatelessRandomUniformFullInt', [2], tf.add(seed, offset), [], 'int32') as Seed;
  });
}

function draw(
  op: string,
  shape: readonly number[],
  seed: tf.Tensor,
  range: tf.Tensor[],
  dtype: 'float32' | 'int32' = 'float32',
): tf.Tensor {
  const native = backend();
  const type = native.binding.TF_ATTR_TYPE;
  const int32 = native.binding.TF_INT32;
  const attributes = [
    { name: 'dtype', type, value: native.getDTypeInteger(dtype) },
    { name: 'T', type, value: int32 },
    { name: 'Tseed', type, value: int32 },
  ];
  return tf.tidy(() =>
    native.executeSingleOutput(op, attributes, [tf.tensor1d([...shape], 'int32'), seed, ...range]),
  );
}
