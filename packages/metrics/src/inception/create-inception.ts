import { compile, initCompute, tf } from '@synspine/compute';
import { MetricError } from '../metric-error.ts';
import { loadInceptionWeights } from './load-weights.ts';
import { type InceptionWeights, pool3 } from './pool3.ts';
import { INPUT_SIZE, resizeToInput } from './resize-to-input.ts';

export type Inception = {
  /** Pool3 features of `count` gray images of height × width bytes. → [count, 2048], row-major. */
  features(images: Uint8Array, count: number, height: number, width: number): Float32Array;
  /** Frees weights and compiled functions; no call after it. */
  dispose(): void;
};

export const INCEPTION_COLUMNS = 2048;

/**
 * Loads the FID Inception (2015-12-05) and traces it once. Needs `npm run setup` (weights in the cache).
 * `batch`: images a step, default 16. `xla`: default false: on two busy cores the plain trace took 6 s to be ready and ran 3.4 images/s,
 * XLA 20 s and 2.1 images/s, since TensorFlow's own CPU convolutions (oneDNN) beat those that XLA generates.
 */
export function createInception({
  batch = 16,
  xla = false,
}: {
  batch?: number;
  xla?: boolean;
} = {}): Inception {
  initCompute();
  const weights = loadInceptionWeights();
  const run = compile((layers: InceptionWeights, images: tf.Tensor4D) => pool3(layers, images), {
    name: 'inception',
    xla,
  });
  const runBatch = (input: Float32Array): Float32Array =>
    tf.tidy(
      () => run(weights, tf.tensor4d(input, [batch, INPUT_SIZE, INPUT_SIZE, 3])).dataSync() as Float32Array,
    );
  return {
    features(images, count, height, width) {
      assertImages(images, count, height, width);
      const features = new Float32Array(count * INCEPTION_COLUMNS);
      for (let first = 0; first < count; first += batch) {
        const filled = Math.min(batch, count - first);
        const output = runBatch(resizeToInput(images, { first, count: filled, batch, height, width }));
        features.set(output.subarray(0, filled * INCEPTION_COLUMNS), first * INCEPTION_COLUMNS);
      }
      return features;
    },
    dispose() {
      run.dispose();
      tf.dispose(weights);
    },
  };
}

function assertImages(images: Uint8Array, count: number, height: number, width: number): void {
  if (count < 0 || height < 1 || width < 1 || images.length !== count * height * width) {
    throw new MetricError(
      'shape-mismatch',
      `${images.length} bytes aren't ${count} gray images of ${height} × ${width}; pass one byte per pixel.`,
    );
  }
}
