import type { Parameters } from './architecture.ts';
import { ClassifierError } from './classifier-error.ts';
import { predict } from './predict.ts';

/**
 * Which synthetic images show the class that was asked for, in the eyes of a judge (or an ensemble) that had no part in
 * the generator's training: a byte an image, 1 where the judge's probability of the label is `threshold` or more.
 * `images` is n·size·size bytes. At 0.5, the default, the label is likelier than all others together.
 * Throws `SHAPE_MISMATCH`.
 */
export function agreesWithLabel(
  judge: Parameters | readonly Parameters[],
  images: Uint8Array,
  labels: ArrayLike<number>,
  threshold = 0.5,
): Uint8Array {
  const probabilities = predict(judge, images);
  const classes = ([judge].flat() as Parameters[])[0]!.classes;
  if (probabilities.length !== labels.length * classes)
    throw new ClassifierError(
      'SHAPE_MISMATCH',
      `${probabilities.length / classes} images, ${labels.length} labels`,
    );
  return Uint8Array.from({ length: labels.length }, (_, i) =>
    Number(probabilities[i * classes + labels[i]!]! >= threshold),
  );
}
