import { compile, initCompute, tf } from '@synspine/compute';
import { MetricError } from '../metric-error.ts';
import { loadInceptionWeights } from './load-weights.ts';
import { type InceptionWeights, pool3 } from './pool3.ts';
import { resizeToInput } from './resize-to-input.ts';

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
  const { threads } = initCompute();
  const sizes = partSizes(batch, xla ? 1 : threads);
  const weights = onGrayImages(loadInceptionWeights());
  // The weights come from outside the function and so are its constants: oneDNN lays each filter out once, not at every call.
  const run = compile(
    (images: tf.Tensor4D) =>
      tf.concat(tf.split<tf.Tensor4D>(images, sizes).map((part) => pool3(weights, part))),
    { name: 'inception', xla },
  );
  return {
    features(images, count, height, width) {
      assertImages(images, count, height, width);
      const features = new Float32Array(count * INCEPTION_COLUMNS);
      for (let first = 0; first < count; first += batch) {
        const pixels = new Float32Array(batch * height * width); // rows past the last image stay zero
        pixels.set(images.subarray(first * height * width, (first + batch) * height * width));
        const output = tf.tidy(() =>
          run(resizeToInput(tf.tensor4d(pixels, [batch, height, width, 1]))).dataSync(),
        ) as Float32Array;
        const filled = Math.min(batch, count - first);
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

/**
 * Two halves of a batch run side by side, so that the second core has work where one op can't be shared. More parts would gain nothing,
 * and each keeps its own laid-out filters (87 MiB).
 */
function partSizes(batch: number, threads: number): number[] {
  if (threads === 1 || batch === 1) return [batch];
  return [Math.ceil(batch / 2), Math.floor(batch / 2)];
}

/** On three equal channels the first filter gives what its sum over them gives on one. */
function onGrayImages({ conv, ...others }: InceptionWeights): InceptionWeights {
  const { filter, bias } = conv!;
  const summed = tf.sum(filter, 2, true) as tf.Tensor4D;
  filter.dispose();
  return { ...others, conv: { filter: summed, bias } };
}

function assertImages(images: Uint8Array, count: number, height: number, width: number): void {
  if (count < 0 || height < 1 || width < 1 || images.length !== count * height * width) {
    throw new MetricError(
      'shape-mismatch',
      `${images.length} bytes aren't ${count} gray images of ${height} × ${width}; pass one byte per pixel.`,
    );
  }
}
