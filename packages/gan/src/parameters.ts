import { foldSeed, statelessNormal, tf } from '@synspine/compute';
import type { Parameters } from './networks/layers.ts';

export type ParameterSpec = {
  name: string;
  shape: readonly number[];
  init: 'normal' | 'zeros' | 'ones';
  scale?: number;
};

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((total, spec) => total + sizeOf(spec.shape), 0);
}

/** `weight` [i,o] and `bias` [o] of a dense layer. A multiplier below 1 stores larger weights that learn more slowly. */
export function denseSpecs(
  name: string,
  inputs: number,
  outputs: number,
  multiplier = 1,
  bias: 'zeros' | 'ones' = 'zeros',
): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [inputs, outputs], init: 'normal', scale: 1 / multiplier },
    { name: `${name}.bias`, shape: [outputs], init: bias },
  ];
}

export function convSpec(name: string, kernel: number, inputs: number, outputs: number): ParameterSpec {
  return { name: `${name}.weight`, shape: [kernel, kernel, inputs, outputs], init: 'normal' };
}

/**
 * A network's parameters live in one vector: the optimizer, the moving average and a checkpoint then touch one tensor, not a
 * hundred. Returns [n], drawn from `seed` (int32[2]).
 */
export function initParameters(specs: readonly ParameterSpec[], seed: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(() => {
    const parts = specs.map((spec, i) => {
      const size = sizeOf(spec.shape);
      if (spec.init === 'zeros') return tf.zeros([size]);
      if (spec.init === 'ones') return tf.ones([size]);
      return tf.mul(statelessNormal([size], foldSeed(seed, i)), spec.scale ?? 1);
    });
    return tf.concat(parts) as tf.Tensor1D;
  });
}

/** One vector → named tensors, in the order of `specs`. */
export function unflatten(specs: readonly ParameterSpec[], vector: tf.Tensor1D): Parameters {
  const parts = tf.split(
    vector,
    specs.map(({ shape }) => sizeOf(shape)),
  );
  return Object.fromEntries(specs.map(({ name, shape }, i) => [name, tf.reshape(parts[i]!, [...shape])]));
}

/** The same of a vector on the host: views, not copies. */
export function splitVector(
  specs: readonly ParameterSpec[],
  vector: Float32Array,
): Record<string, { shape: readonly number[]; data: Float32Array }> {
  let offset = 0;
  const parts = specs.map(({ name, shape }) => {
    const begin = offset;
    offset += sizeOf(shape);
    return [name, { shape, data: vector.subarray(begin, offset) }] as const;
  });
  return Object.fromEntries(parts);
}

/** Named tensors → one vector, in the order of `specs`. */
export function flatten(specs: readonly ParameterSpec[], tensors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.concat(tensors.map((t, i) => tf.reshape(t, [sizeOf(specs[i]!.shape)]))) as tf.Tensor1D;
}
