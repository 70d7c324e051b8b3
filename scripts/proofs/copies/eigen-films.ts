import { seededNormal, tf } from '../../../packages/compute/src/index.ts';
import type { Films } from '../films.ts';

const COMPONENTS = 40;
const STEPS = 12; // of subspace iteration: enough for a model that only has to be plausible

/**
 * Images that are like the films and copy none: their mean plus the first principal components, weighted at random as they vary.
 */
export function eigenFilms(
  { images, patients, size }: Films,
  count: number,
  random: () => number,
): Uint8Array {
  const [n, area] = [patients.length, size * size];
  const values = tf.tidy(() => {
    const films = tf.tensor2d(Float32Array.from(images), [n, area]);
    const mean = tf.mean(films, 0);
    const centred = tf.sub(films, mean) as tf.Tensor2D;
    const draw = (rows: number, columns: number) =>
      tf.tensor2d(
        Float32Array.from({ length: rows * columns }, () => seededNormal(random)),
        [rows, columns],
      ); // prettier-ignore
    let basis = orthonormal(draw(Math.min(COMPONENTS, n - 1), area));
    for (let step = 0; step < STEPS; step++)
      basis = orthonormal(tf.matMul(tf.matMul(basis, centred, false, true), centred) as tf.Tensor2D);
    const scores = tf.matMul(centred, basis, false, true);
    const spread = tf.sqrt(tf.mean(tf.square(scores), 0));
    return tf.add(tf.matMul(tf.mul(draw(count, basis.shape[0]), spread), basis), mean).dataSync();
  });
  return Uint8Array.from(values, (gray) => Math.min(255, Math.max(0, Math.round(gray))));
}

/** Rows made orthonormal, by Gram and Schmidt. */
function orthonormal(rows: tf.Tensor2D): tf.Tensor2D {
  const done: tf.Tensor1D[] = [];
  for (const row of tf.unstack(rows) as tf.Tensor1D[]) {
    const rest = done.reduce((left, known) => tf.sub(left, tf.mul(known, tf.sum(tf.mul(left, known)))), row);
    done.push(tf.div(rest, tf.norm(rest)));
  }
  return tf.stack(done) as tf.Tensor2D;
}
