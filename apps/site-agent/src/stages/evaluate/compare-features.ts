import { seededRandom, shuffled } from '@synspine/compute';
import { type FilmSet, selectFilms } from '../../films/film-set.ts';
import type { InceptionCache } from '../inception-cache.ts';
import type { Labelled } from './label-fidelity.ts';
import type { Compared, LabelledFeatures } from './quality-scores.ts';

/** Hold-out, as many synthetic images of each class, and the training films, which may be more. */
export type ComparedSets = { heldOut: FilmSet; synthetic: Labelled; train: FilmSet };

/** Inception features of three sets of equal size and class counts. */
export async function compareFeatures(
  inception: InceptionCache,
  { heldOut, synthetic, train }: ComparedSets,
): Promise<Compared> {
  const extract = async (set: Labelled, groups: readonly string[]): Promise<LabelledFeatures> => {
    const features = await inception.features(set.pixels, heldOut.size);
    return { ...features, labels: set.labels, groups };
  };
  const alike = drawLike(train, heldOut);
  const ownGroups = Array.from(synthetic.labels, (_, i) => `synthetic-${i}`);
  return {
    heldOut: await extract(heldOut, heldOut.patients),
    synthetic: await extract(synthetic, ownGroups),
    train: await extract(alike, alike.patients),
  };
}

/** How many films of each class. */
export function countLabels({ labels, classNames }: FilmSet): number[] {
  return classNames.map((_, label) => labels.filter((other) => other === label).length);
}

/** Training films, as many of each class as the hold-out has: what a perfect generator would score. */
function drawLike(train: FilmSet, heldOut: FilmSet): FilmSet {
  const random = seededRandom(1);
  const rows = countLabels(heldOut).flatMap((count, label) => {
    const ofLabel = [...train.labels.keys()].filter((row) => train.labels[row] === label);
    return shuffled(ofLabel, random).slice(0, count);
  });
  return selectFilms(train, rows);
}
