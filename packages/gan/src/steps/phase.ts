import {
  type CompiledFunction,
  type CompileOptions,
  compile,
  foldSeed,
  type TensorTree,
  tf,
} from '@synspine/compute';
import type { Batch } from '../batches.ts';

/** Every `n`th row, from row `from` on. [n·rows, …] → [rows, …] */
export function everyNth<T extends tf.Tensor>(x: T, n: number, from: number): T {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  const columns = x.size / rows;
  const runs = tf.reshape(x, [rows / n, n * columns]);
  return tf.reshape(tf.slice(runs, [0, from * columns], [rows / n, columns]), [rows / n, ...rest]) as T;
}

type Means = Record<string, tf.Tensor>;
/** How steps are compiled. */
export type Compilation = Pick<CompileOptions, 'xla' | 'precision'>;
type Settings = { name: string; how: Compilation; parts: number };
/** (what stays the same for all images, the batch, seed) → what comes of it */
export type Phase<F extends TensorTree, R extends TensorTree> = CompiledFunction<[F, Batch, tf.Tensor1D], R>;

/**
 * One optimizer step: `slope` gives means over the images (the gradient among them), `apply` takes the step. As one traced function; or, with
 * more `parts`, the slope of one part of the batch after the other, averaged, which takes as much less memory. Parts hold whole groups of the
 * minibatch deviation, and so give the same gradient but for their own random numbers.
 */
export function createPhase<F extends TensorTree, S extends Means, R extends TensorTree>(
  { name, how, parts }: Settings,
  slope: (fixed: F, batch: Batch, seed: tf.Tensor1D) => S,
  apply: (fixed: F, means: S) => R,
): Phase<F, R> {
  if (parts === 1)
    return compile((fixed: F, batch: Batch, seed: tf.Tensor1D) => apply(fixed, slope(fixed, batch, seed)), {
      name,
      ...how,
    });
  const [each, rest] = [compile(slope, { name, ...how }), compile(apply, { name, ...how })];
  const run = (fixed: F, batch: Batch, seed: tf.Tensor1D) =>
    tf.tidy(
      () =>
        rest(
          fixed,
          averaged(parts, (i) => each(fixed, partOf(batch, parts, i), foldSeed(seed, 64 + i))),
        ) as never,
    ) as R;
  return Object.assign(run, {
    dispose() {
      each.dispose();
      rest.dispose();
    },
  });
}

function partOf({ images, label }: Batch, parts: number, i: number): Batch {
  return { images: everyNth(images, parts, i), label: everyNth(label, parts, i) };
}

/** Frees each part's tensors before the next part needs its own. */
function averaged<S extends Means>(parts: number, take: (i: number) => S): S {
  let sum = take(0);
  for (let i = 1; i < parts; i++) sum = combine(sum, take(i), (a, b) => tf.add(a, b));
  return combine(sum, sum, (a) => tf.mul(a, 1 / parts));
}

function combine<S extends Means>(a: S, b: S, of: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor): S {
  const result = Object.fromEntries(Object.keys(a).map((key) => [key, of(a[key]!, b[key]!)]));
  tf.dispose([a, b]);
  return result as S;
}
