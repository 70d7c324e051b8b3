import type { ImageSet, RealSet } from '../sample-set.ts';
import { countPatients, createCopyDetector, scoreAmongThemselves } from './copy-detector.ts';
import { createCopyScorer } from './copy-scores.ts';

export type NearCopies = {
  /** Released images that are near copies of a training film, of how many. */
  confirmed: number;
  screened: number;
  /** Held-out rows that the detector takes for copies of training films: the same patient under another name, usually. */
  heldOutCopies: number[];
  /** Which images the very same detector takes for copies: what the positive control asks. */
  isCopied: (images: ImageSet) => boolean[];
};

/**
 * Test P1: scores every released image and every held-out film against the training films, sets the thresholds from the
 * held-out films and from training films against other patients', and counts. `tail` is the policy's share of honest films above the
 * threshold (.001 is the 99.9th percentile); with more images than 50 it is lowered to .05/count, as by definition one honest image
 * in 1,000 would exceed the 99.9th. That costs no copies as long as P0 still finds them, which is what P0 is for.
 */
export function findNearCopies(
  { train, heldOut, released }: { train: RealSet; heldOut: RealSet; released: Iterable<ImageSet> },
  tail: number,
): NearCopies {
  const score = createCopyScorer(train);
  const strangers = score(heldOut);
  const honest = [...strangers, ...scoreAmongThemselves(score, train)];
  const scores = [...released].flatMap((images) => score(images));
  const sourceOf = createCopyDetector(honest, {
    tail,
    screened: scores.length,
    patients: countPatients(train),
  });
  const isCopy = (film: (typeof scores)[number]) => sourceOf(film) !== undefined;
  return {
    confirmed: scores.filter(isCopy).length,
    screened: scores.length,
    heldOutCopies: strangers.flatMap((film, row) => (isCopy(film) ? [row] : [])),
    isCopied: (images) => score(images).map(isCopy),
  };
}
