import { tf } from '@synspine/compute';
import { assertComparable, type Features } from './features.ts';
import { MetricError } from './metric-error.ts';

const ROWS_AT_ONCE = 1_024; // of 50,000 columns: 200 MB of float32 distances

/**
 * Precision and recall by k nearest neighbours (Kynkäänniemi et al. 2019) of sets too large for a matrix of all distances, and of
 * unequal counts, as NVIDIA's protocol has them. Distances are float32, from ‖x‖² + ‖y‖² − 2x·y of centred rows: exact copies may
 * fall on either side of a border. For small sets use {@link precisionRecall}. `initCompute` must have run. Range [0, 1].
 * Throws a MetricError on unequal widths or a set of k rows or fewer.
 */
export function blockPrecisionRecall(
  real: Features,
  fake: Features,
  { k = 3, rowsAtOnce = ROWS_AT_ONCE }: { k?: number; rowsAtOnce?: number } = {},
): { precision: number; recall: number } {
  assertComparable(real, fake);
  if (Math.min(real.rows, fake.rows) <= k)
    throw new MetricError('too-few-samples', `k = ${k} neighbours need more than ${k} images on each side.`);
  const [x, y] = tf.tidy(() => {
    const [a, b] = [toTensor(real), toTensor(fake)];
    const origin = tf.mean(a, 0, true); // near both, so that the subtraction cancels little
    return [tf.sub(a, origin), tf.sub(b, origin)] as [tf.Tensor2D, tf.Tensor2D];
  });
  try {
    const [realRadii, fakeRadii] = [radiiOf(x, k, rowsAtOnce), radiiOf(y, k, rowsAtOnce)];
    return {
      precision: shareInside(y, x, realRadii, rowsAtOnce),
      recall: shareInside(x, y, fakeRadii, rowsAtOnce),
    };
  } finally {
    tf.dispose([x, y]);
  }
}

function toTensor({ data, rows, columns }: Features): tf.Tensor2D {
  return tf.tensor2d(data instanceof Float32Array ? data : Float32Array.from(data), [rows, columns]);
}

/** Squared distance of each row to its k-th neighbour, itself not counted. → [n] */
function radiiOf(rows: tf.Tensor2D, k: number, atOnce: number): Float32Array {
  const radii = new Float32Array(rows.shape[0]);
  inBlocks(rows, atOnce, (block, start) => {
    const self = tf.oneHot(tf.range(start, start + block.shape[0], 1, 'int32'), rows.shape[0]);
    const others = tf.add(squaredDistances(block, rows), tf.mul(tf.cast(self, 'float32'), 1e30));
    const { values } = tf.topk(tf.neg(others), k);
    radii.set(tf.neg(tf.slice(values, [0, k - 1], [-1, 1])).dataSync<'float32'>(), start);
  });
  return radii;
}

/** Share of `rows` within the ball of any of `centres`. */
function shareInside(rows: tf.Tensor2D, centres: tf.Tensor2D, radii: Float32Array, atOnce: number): number {
  let inside = 0;
  inBlocks(rows, atOnce, (block) => {
    const holds = tf.lessEqual(squaredDistances(block, centres), tf.tensor2d(radii, [1, radii.length]));
    inside += tf.sum(tf.cast(tf.any(holds, 1), 'float32')).dataSync<'float32'>()[0]!;
  });
  return inside / rows.shape[0];
}

function inBlocks(
  rows: tf.Tensor2D,
  atOnce: number,
  look: (block: tf.Tensor2D, start: number) => void,
): void {
  const [count] = rows.shape;
  for (let start = 0; start < count; start += atOnce)
    tf.tidy(() => look(tf.slice(rows, [start, 0], [Math.min(atOnce, count - start), -1]), start));
}

/** [b, d], [n, d] → [b, n] */
function squaredDistances(block: tf.Tensor2D, rows: tf.Tensor2D): tf.Tensor2D {
  const norms = (of: tf.Tensor2D) => tf.sum(tf.square(of), 1, true); // [n, 1]
  const cross = tf.matMul(block, rows, false, true);
  return tf.add(tf.sub(norms(block), tf.mul(cross, 2)), tf.transpose(norms(rows)));
}
