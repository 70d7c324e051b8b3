import { seededRandom, shuffled, tf } from '@synspine/compute';
import type { Architecture, TensorMap } from './architecture.ts';
import { toImages } from './predict.ts';

/** So many images tell the statistics of 10,000 positions and more in every layer. */
const IMAGES_MAX = 128;

/**
 * Mean and variance for each batch norm, measured with the weights that are kept (Wu & Johnson 2021, "precise" batch
 * norm): a moving average over the steps would lag behind them, and be of other weights. `images` are the training
 * images, n·size·size bytes; a sample of them is seen, in batches as mixed as those of training. Empty for networks
 * without batch norm. The caller frees the result.
 */
export function measureStatistics(
  network: Architecture,
  parameters: TensorMap,
  images: Uint8Array,
  { size, batchSize, seed }: { size: number; batchSize: number; seed: number },
): Record<string, tf.Tensor> {
  if (!network.statistics) return {};
  const { statistics } = network;
  const pixels = size ** 2;
  const rows = shuffled(
    Array.from({ length: images.length / pixels }, (_, i) => i),
    seededRandom(seed),
  );
  const batches = Math.max(1, Math.floor(Math.min(rows.length, IMAGES_MAX) / batchSize));
  let sum: Record<string, tf.Tensor> = {};
  for (let b = 0; b < batches; b++) {
    const batch = rows.slice(b * batchSize, (b + 1) * batchSize);
    const bytes = Buffer.concat(batch.map((row) => images.subarray(row * pixels, (row + 1) * pixels)));
    const before = sum;
    sum = tf.tidy(() => {
      const measured = statistics(parameters, toImages(bytes, size));
      return mapTensors(measured, (value, name) => tf.add(before[name] ?? 0, tf.div(value, batches)));
    });
    tf.dispose(before);
  }
  return sum;
}

const mapTensors = (map: TensorMap, change: (tensor: tf.Tensor, name: string) => tf.Tensor) =>
  Object.fromEntries(Object.entries(map).map(([name, tensor]) => [name, change(tensor, name)]));
