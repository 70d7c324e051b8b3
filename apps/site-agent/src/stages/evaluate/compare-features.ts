import { seededRandom, shuffled } from '@synspine/compute';
import { type FilmSet, selectFilms } from '../../films/film-set.ts';
import type { InceptionCache } from '../inception-cache.ts';
import type { Labelled } from './label-fidelity.ts';
import type { Compared, LabelledFeatures } from './quality-scores.ts';

/** Hold-out, at most as many synthetic images of each class, and the training films, which may be more. */
export type ComparedSets = { heldOut: FilmSet; synthetic: Labelled; train: FilmSet };

/** Inception features of {@link equalSets}. */
export async function compareFeatures(inception: InceptionCache, sets: ComparedSets): Promise<Compared> {
  const { heldOut, synthetic, train } = equalSets(sets);
  const extract = async (set: Labelled, groups: readonly string[]): Promise<LabelledFeatures> => {
    const features = await inception.features(set.pixels, heldOut.size);
    return { ...features, labels: set.labels, groups };
  };
  const ownGroups = Array.from(synthetic.labels, (_, i) => `synthetic-${i}`);
  return {
    heldOut: await extract(heldOut, heldOut.patients),
    synthetic: await extract(synthetic, ownGroups),
    train: await extract(train, train.patients),
  };
}

/**
 * Three sets of equal size and class counts, since every distance between sets depends on their size: training films are
 * drawn to the hold-out's counts (what a perfect generator would score), and held-out films to those of a smaller release.
 */
export function equalSets({ heldOut, synthetic, train }: ComparedSets): ComparedSets {
  const released = countLabels({ ...synthetic, classNames: heldOut.classNames });
  const isMatched = countLabels(heldOut).every((count, label) => count <= released[label]!);
  const compared = isMatched ? heldOut : drawFilms(heldOut, released);
  return { heldOut: compared, synthetic, train: drawFilms(train, countLabels(compared)) };
}

/** How many films of each class. */
export function countLabels({ labels, classNames }: Pick<FilmSet, 'labels' | 'classNames'>): number[] {
  return classNames.map((_, label) => labels.filter((other) => other === label).length);
}

/** Films at random, of each class at most so many. */
function drawFilms(films: FilmSet, counts: readonly number[]): FilmSet {
  const random = seededRandom(1);
  const rows = counts.flatMap((count, label) => {
    const ofLabel = [...films.labels.keys()].filter((row) => films.labels[row] === label);
    return shuffled(ofLabel, random).slice(0, count);
  });
  return selectFilms(films, rows);
}
