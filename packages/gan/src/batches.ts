import { tf } from '@synspine/compute';
import { GanError } from './errors.ts';
import { pick } from './seeds.ts';

/** Films as bytes: n·size·size, and a class index for each. */
export type LabelledImages = { images: Uint8Array; labels: Uint8Array };

/** Images [b,size,size,1] in −1..1 and one-hot labels [b,classes]. */
export type Batch = { images: tf.Tensor4D; label: tf.Tensor2D };

export type ImagePool = LabelledImages & {
  size: number;
  classCount: number;
  byClass: readonly (readonly number[])[];
};

/** Checks what the training relies on. Errors: gan-bad-data. */
export function createPool(data: LabelledImages, size: number, classCount: number): ImagePool {
  const n = data.labels.length;
  if (data.images.length !== n * size * size) {
    throw new GanError(
      'gan-bad-data',
      `${data.images.length} bytes are not ${n} images of ${size}×${size}. Prepare the images at the preset's size.`,
    );
  }
  const byClass = Array.from({ length: classCount }, (): number[] => []);
  for (const [i, label] of data.labels.entries()) {
    if (label >= classCount)
      throw new GanError('gan-bad-data', `Label ${label} has no class name (${classCount} given).`);
    byClass[label]!.push(i);
  }
  return { ...data, size, classCount, byClass };
}

/** Errors: gan-empty-class. A generator can't learn a label without films. */
export function requireEveryClass(pool: ImagePool, classNames: readonly string[]): void {
  const empty = classNames.filter((_, i) => pool.byClass[i]!.length === 0);
  if (empty.length === 0) return;
  throw new GanError(
    'gan-empty-class',
    `No training images for: ${empty.join(', ')}. Drop the class or add images.`,
  );
}

export function oneHot(labels: ArrayLike<number>, classCount: number): tf.Tensor2D {
  const data = new Float32Array(labels.length * classCount);
  for (let i = 0; i < labels.length; i++) data[i * classCount + labels[i]!] = 1;
  return tf.tensor2d(data, [labels.length, classCount]);
}

/** Bytes 0..255 → −1..1. */
export function toTensors(pool: ImagePool, indices: readonly number[]): Batch {
  const pixels = pool.size ** 2;
  const data = new Float32Array(indices.length * pixels);
  for (const [slot, index] of indices.entries()) {
    for (let i = 0; i < pixels; i++) data[slot * pixels + i] = pool.images[index * pixels + i]! / 127.5 - 1;
  }
  return {
    images: tf.tensor4d(data, [indices.length, pool.size, pool.size, 1]),
    label: oneHot(
      indices.map((i) => pool.labels[i]!),
      pool.classCount,
    ),
  };
}

/** −1..1 → bytes, the inverse of `toTensors`; values outside are clipped. */
export function toBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    bytes[i] = Math.max(0, Math.min(255, Math.round((values[i]! + 1) * 127.5))); // a loop: Uint8Array.from takes seven times as long
  }
  return bytes;
}

/**
 * Indices of a batch with the same number of images of each class, drawn with replacement. Depends on (words) alone, so a resumed
 * run goes on with the same images. Classes without images (possible in a validation set) are passed over.
 */
export function drawBalanced(pool: ImagePool, batch: number, ...words: number[]): number[] {
  const filled = pool.byClass.filter((members) => members.length > 0);
  const turn = pick(filled.length, ...words, -1); // who comes first when the batch doesn't divide
  return Array.from({ length: batch }, (_, slot) => {
    const members = filled[(slot + turn) % filled.length]!;
    return members[pick(members.length, ...words, slot)]!;
  });
}
