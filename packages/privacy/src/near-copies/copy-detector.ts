import { countOf, type ImageSet } from '../sample-set.ts';
import { type CopyScorer, type CopyScores, createCopyScorer, type Films, MEASURES } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';

const CHANCE_OF_ANY = 0.05; // that one honest image among all that are screened looks copied

const EXCESS_MIN = 0.25; // strangers reach this however few and flat the films are

/** Says which film an image is a copy of, or undefined. */
export type CopyDetector = (scores: CopyScores) => number | undefined;

/**
 * A detector that takes a share `tail` of honest images for copies at most, and one of all `screened` with a chance of .05. `honest` are
 * scores of films that copy none, against films of `patients` patients: a threshold of each measure is read from them.
 */
export function createCopyDetector(
  honest: readonly CopyScores[],
  { tail, screened, patients }: { tail: number; screened: number; patients: number },
): CopyDetector {
  const share = Math.min(tail, CHANCE_OF_ANY / screened) / MEASURES.length;
  const limitOf = (measure: (typeof MEASURES)[number]) =>
    extremeThreshold(
      honest.map((scores) => scores[measure].excess),
      share,
      patients,
    );
  const limits = MEASURES.map((measure) => ({ measure, limit: Math.max(EXCESS_MIN, limitOf(measure)) }));
  return (scores) => {
    const beyond = limits.filter(({ measure, limit }) => scores[measure].excess > limit);
    return beyond[0] && scores[beyond[0].measure].film;
  };
}

/** How many patients the films are of. */
export function countPatients({ patients }: Films): number {
  return new Set(patients).size;
}

/** Scores of films against those of all other patients: what honest images score, from films that are at hand anyway. */
export function scoreAmongThemselves(score: CopyScorer, films: Films): CopyScores[] {
  return score(films, films.patients);
}

const AT_ONCE = 1_024; // images: their correlations with 10,000 films are 140 MB

/**
 * Screens images against films: for each image the row of the film that it is a near copy of, or undefined. Films of the image's own
 * patient, where it has one, aren't compared. `tail` and `screened` as {@link createCopyDetector} takes them.
 */
export function findCopies(
  images: ImageSet & { patients?: readonly string[] },
  films: Films,
  { tail = 0.001, screened = countOf(images) } = {},
): (number | undefined)[] {
  const score = createCopyScorer(films);
  const scores = inBlocks(images).flatMap(({ patients, ...block }) => score(block, patients));
  const honest = images.patients ? scores : scoreAmongThemselves(score, films);
  return scores.map(createCopyDetector(honest, { tail, screened, patients: countPatients(films) }));
}

function inBlocks({ images, size, patients }: ImageSet & { patients?: readonly string[] }) {
  const area = size * size;
  return Array.from({ length: Math.ceil(images.length / area / AT_ONCE) }, (_, block) => ({
    images: images.subarray(block * AT_ONCE * area, (block + 1) * AT_ONCE * area),
    size,
    patients: patients?.slice(block * AT_ONCE, (block + 1) * AT_ONCE),
  }));
}
