import { readFileSync } from 'node:fs';
import { inceptionWeightsPath, readSafetensors, type StoredTensor, tf } from '@synspine/compute';
import { type InceptionWeights, pointwiseLayers } from './pool3.ts';

const EPSILON = 1e-3; // batch norm's, in the 2015-12-05 graph

/**
 * Weights of the FID Inception (2015-12-05) from the cache that `npm run setup` fills, with batch norm folded into each
 * convolution: filter·rsqrt(var + ε), bias = beta − mean·rsqrt(var + ε); the norm has no gamma. The 1×1 convolutions that read
 * the same block input are joined into one layer `<block>.pointwise`, as one wide product is faster than four narrow ones.
 */
export function loadInceptionWeights(path: string = inceptionWeightsPath()): InceptionWeights {
  const stored = readSafetensors(readFileSync(path));
  const names = [...stored.keys()].filter((key) => key.endsWith('.weight')).map((key) => key.slice(0, -7));
  const folded = new Map(names.map((name) => [name.replace(/^layers\./, ''), fold(stored, name)]));
  const weights: InceptionWeights = {};
  for (const [block, { layers }] of Object.entries(pointwiseLayers)) {
    const parts = layers.map((layer) => take(folded, `${block}.${layer}`));
    weights[`${block}.pointwise`] = {
      filter: tf.tidy(() => tf.concat(parts.map(toFilter), 3)),
      bias: tf.tidy(() => tf.concat(parts.map(({ bias }) => tf.tensor1d(bias)))),
    };
  }
  for (const [name, layer] of folded)
    weights[name] = { filter: toFilter(layer), bias: tf.tensor1d(layer.bias) };
  return weights;
}

type Folded = { filter: Float32Array; shape: [number, number, number, number]; bias: Float32Array };

function fold(stored: Map<string, StoredTensor>, name: string): Folded {
  const weight = take(stored, `${name}.weight`);
  const [out, input, height, width] = weight.shape as [number, number, number, number];
  const gain = take(stored, `${name}.var`).data.map((variance) => 1 / Math.sqrt(variance + EPSILON));
  const mean = take(stored, `${name}.mean`).data;
  const bias = take(stored, `${name}.beta`).data.map(
    (beta, channel) => beta - mean[channel]! * gain[channel]!,
  );
  const filter = new Float32Array(weight.data.length);
  const pixels = height * width;
  for (let o = 0, from = 0; o < out; o++) {
    for (let i = 0; i < input; i++) {
      // [out, in, h, w] → [h, w, in, out], the order of tf.conv2d
      for (let p = 0; p < pixels; p++) filter[(p * input + i) * out + o] = weight.data[from++]! * gain[o]!;
    }
  }
  return { filter, shape: [height, width, input, out], bias };
}

function toFilter({ filter, shape }: Folded): tf.Tensor4D {
  return tf.tensor4d(filter, shape);
}

/** Removes and returns an entry, so that what was joined isn't loaded twice. */
function take<Value>(map: Map<string, Value>, key: string): Value {
  const value = map.get(key);
  if (value === undefined) {
    throw new Error(`The Inception weights have no ${key}; run \`npm run setup\` to fetch them again.`);
  }
  map.delete(key);
  return value;
}
