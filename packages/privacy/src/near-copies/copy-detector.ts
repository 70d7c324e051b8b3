import type { ImageSet } from '../sample-set.ts';
import { type CopyScorer, type CopyScores, createCopyScorer, type Films, MEASURES } from './copy-scores.ts';
import { extremeThreshold } from './extreme-threshold.ts';

const CHANCE_OF_ANY = 0.05; // that one honest image among all that are screened looks copied

/** Says which film an image is a copy of, or undefined. */
export type CopyDetector = (scores: CopyScores) => number | undefined;

/**
 * A detector that takes a share `tail` of honest images for copies at most, and one of all `screened` with a chance of .05. `honest` are
 * scores of films that copy none: a threshold of each measure is read from them.
 */
export function createCopyDetector(
  honest: readonly CopyScores[],
  { tail, screened }: { tail: number; screened: number },
): CopyDetector {
  const share = Math.min(tail, CHANCE_OF_ANY / screened) / MEASURES.length;
  const limits = MEASURES.map((measure) => ({
    measure,
    limit: extremeThreshold(
      honest.map((scores) => scores[measure].excess),
      share,
    ), // prettier-ignore
  }));
  return (scores) => {
    const beyond = limits.filter(({ measure, limit }) => scores[measure].excess > limit);
    return beyond[0] && scores[beyond[0].measure].film;
  };
}

/** Scores of films against those of all other patients: what honest images score, from films that are at hand anyway. */
export function scoreAmongThemselves(score: CopyScorer, films: Films): CopyScores[] {
  return score(films, films.patients);
}

/**
 * Screens images against films of others: for each image the row of the film that it is a near copy of, or undefined. `tail` is the
 * share of honest images that may be taken for copies, at most.
 */
export function findCopies(images: ImageSet, films: Films, { tail = 0.001 } = {}): (number | undefined)[] {
  const score = createCopyScorer(films);
  const scores = score(images);
  const isCopy = createCopyDetector(scoreAmongThemselves(score, films), { tail, screened: scores.length });
  return scores.map(isCopy);
}
