import { shuffled } from '@synspine/metrics';
import { alterFilm } from '../pixels/alter-film.ts';
import { countOf, type Embed, type RealSet, type SampleSet } from '../sample-set.ts';
import { type CopyScore, type CopyScorer, createCopyScorer } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';

const PLANTED_MIN = 60; // fewer can't tell 95 % from 90 %
const CONFIRMATION_TAIL = 0.01; // structural similarity confirms what correlation flags, so it may be less strict
const CHANCE_OF_ANY = 0.05; // that one honest image among all exceeds the threshold

export type NearCopies = {
  /** Synthetic images that are near copies of a training film. */
  confirmed: number;
  /** Disguised training films that the same detector found, of how many. */
  plantedFound: number;
  planted: number;
  /** Held-out rows that the detector takes for copies of training films: the same patient under another name, usually. */
  heldOutCopies: number[];
};

/**
 * Tests P0 and P1: scores every synthetic image and every held-out film against the training films, sets the thresholds from the
 * held-out ones, and counts. `tail` is the policy's share of honest films above the threshold (.001 is the 99.9th percentile);
 * with more images than 50 it is lowered to .05/count, as by definition one honest image in 1,000 would exceed the 99.9th.
 * That costs no copies as long as P0 still finds them, which is what P0 is for.
 */
export function findNearCopies(
  sets: { train: RealSet; heldOut: RealSet; synthetic: SampleSet },
  options: { tail: number; embed: Embed; random: () => number },
): NearCopies {
  const score = createCopyScorer(sets.train);
  const heldOut = score(sets.heldOut);
  const tail = Math.min(options.tail, CHANCE_OF_ANY / countOf(sets.synthetic));
  const isCopy = copyDetector(heldOut, tail);
  const planted = plantCopies(sets.train, countOf(sets.synthetic), options);
  const countCopies = (set: SampleSet, scorer: CopyScorer) => scorer(set).filter(isCopy).length;
  return {
    confirmed: countCopies(sets.synthetic, score),
    plantedFound: countCopies(planted, score),
    planted: countOf(planted),
    heldOutCopies: heldOut.flatMap((film, row) => (isCopy(film) ? [row] : [])),
  };
}

function copyDetector(heldOut: readonly CopyScore[], tail: number): (score: CopyScore) => boolean {
  const excess = heldOut.map((score) => score.excess);
  const similarity = heldOut.map((score) => Math.atanh(score.similarity));
  const excessLimit = extremeThreshold(excess, tail);
  const similarityLimit = extremeThreshold(similarity, CONFIRMATION_TAIL);
  return (score) => score.excess > excessLimit && Math.atanh(score.similarity) > similarityLimit;
}

/** Disguised copies of different training films: 1 % of the synthetic count, 60 at least, all training films at most. */
function plantCopies(
  train: RealSet,
  syntheticCount: number,
  { embed, random }: { embed: Embed; random: () => number },
): SampleSet {
  const bytes = train.size * train.size;
  const wanted = Math.max(PLANTED_MIN, Math.ceil(syntheticCount / 100));
  const rows = shuffled([...train.patients.keys()], random).slice(0, wanted);
  const images = new Uint8Array(rows.length * bytes);
  rows.forEach((row, index) => {
    const film = train.images.subarray(row * bytes, (row + 1) * bytes);
    images.set(alterFilm(film, train.size, random), index * bytes);
  });
  return { images, size: train.size, features: embed(images, rows.length, train.size) };
}
