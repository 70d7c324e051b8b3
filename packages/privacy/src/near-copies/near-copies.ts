import { shuffled } from '@synspine/compute';
import { alterFilm } from '../pixels/alter-film.ts';
import { countOf, type Embed, type ImageSet, type RealSet, type SampleSet } from '../sample-set.ts';
import { type CopyScore, createCopyScorer } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';

const PLANTED_MIN = 60; // fewer can't tell 95 % from 90 %
const CONFIRMATION_TAIL = 0.01; // structural similarity confirms what correlation flags, so it may be less strict
const CHANCE_OF_ANY = 0.05; // that one honest image among all exceeds the threshold

export type NearCopies = {
  /** Synthetic images that are near copies of a training film, of how many. */
  confirmed: number;
  screened: number;
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
 * That costs no copies as long as P0 still finds them, which is what P0 is for. Where images without features are screened too,
 * a planted copy counts as found only when it is found without features as well.
 */
export function findNearCopies(
  sets: { train: RealSet; heldOut: RealSet; synthetic: SampleSet; alsoReleased?: ImageSet },
  options: { tail: number; embed: Embed; random: () => number },
): NearCopies {
  const { train, heldOut, synthetic, alsoReleased } = sets;
  const score = createCopyScorer(train);
  const honest = score(heldOut);
  const screened = countOf(synthetic) + (alsoReleased ? countOf(alsoReleased) : 0);
  const isCopy = copyDetector(honest, Math.min(options.tail, CHANCE_OF_ANY / screened));
  const planted = plantCopies(train, screened, options);
  const copiesIn = (set: Parameters<typeof score>[0]) => score(set).filter(isCopy).length;
  const bare = ({ images, size }: ImageSet) => ({ images, size });
  return {
    confirmed: copiesIn(synthetic) + (alsoReleased ? copiesIn(bare(alsoReleased)) : 0),
    screened,
    plantedFound: Math.min(copiesIn(planted), alsoReleased ? copiesIn(bare(planted)) : countOf(planted)),
    planted: countOf(planted),
    heldOutCopies: honest.flatMap((film, row) => (isCopy(film) ? [row] : [])),
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
