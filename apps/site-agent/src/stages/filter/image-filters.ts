import { agreesWithLabel, createSpineFilter, trainClassifier } from '@synspine/classifier';
import type { TrainingFilms } from '../../films/training-films.ts';
import type { Rejections } from './output.ts';

const SEED_OFFSET = 2_000; // neither S, which the generator has learnt to please, nor the judge that evaluates

export type ImageFilter = {
  name: Rejections['filter'];
  /** A byte an image: 1 keeps it. `images` are of one class. */
  keep(images: Uint8Array, label: number): Uint8Array;
};

/**
 * What each candidate of a release must pass, in order: it looks like a spine radiograph, and a judge that had no part in
 * the training agrees with its class. Both know the training and validation films only.
 */
export async function createImageFilters(
  { train, validation }: TrainingFilms,
  { seed, signal }: { seed: number; signal: AbortSignal },
): Promise<ImageFilter[]> {
  const { size, classNames } = train;
  const isSpine = createSpineFilter({ training: train.pixels, validation: validation.pixels, size });
  const { parameters } = await trainClassifier({
    training: { images: train.pixels, labels: train.labels },
    validation: { images: validation.pixels, labels: validation.labels },
    size,
    classes: classNames.length,
    seed: seed + SEED_OFFSET,
    signal,
  });
  const area = size ** 2;
  return [
    { name: 'spine', keep: isSpine },
    {
      name: 'label',
      keep: (images, label) =>
        agreesWithLabel(parameters, images, new Uint8Array(images.length / area).fill(label)),
    },
  ];
}
