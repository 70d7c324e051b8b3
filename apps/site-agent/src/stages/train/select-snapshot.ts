import type { TrainingFilms } from '../../films/training-films.ts';
import { SiteError } from '../../site-error.ts';
import type { Snapshot } from './snapshots.ts';

/** The audit's bound on the share of images nearer to training than to strangers, and ours on the calibrated share. */
const COPY_SHARE_MAX = 0.55;

/**
 * Above this share a generator is taken to copy. The audit's bound, and half a standard error of a share over so many validation
 * patients and images: few of them say little, and a bound inside their noise would choose by chance.
 */
export function copyShareLimit(validationPatients: number, images: number): number {
  return COPY_SHARE_MAX + 0.25 * Math.sqrt(1 / validationPatients + 1 / images);
}

/** {@link copyShareLimit} for the validation films, and as many images as a snapshot is measured by. */
export function limitOf({ validation }: Pick<TrainingFilms, 'validation'>): number {
  return copyShareLimit(new Set(validation.patients).size, samplesOf({ validation }));
}

export const SAMPLES_MIN = 40;
const SAMPLES_MAX = 240;

/** Images by which a snapshot is measured: as many as validation films, within bounds. */
export function samplesOf({ validation }: Pick<TrainingFilms, 'validation'>): number {
  return Math.min(SAMPLES_MAX, Math.max(SAMPLES_MIN, validation.count));
}

export type Candidate = Snapshot & {
  /** The same share in Inception's features, aligned. */
  copyShareFeatures: number;
  /** Kernel distance to the validation films; lower is better. */
  kidValidation: number;
};

/**
 * The candidate with the best validation KID among those whose copy signals are fine; when none is, the one that copies
 * least. The hold-out plays no part.
 */
export function selectSnapshot(candidates: readonly Candidate[], limit: number): Candidate {
  const worstSignal = (c: Candidate) => Math.max(c.copySharePixels, c.copyShareFeatures);
  const fine = candidates.filter((candidate) => worstSignal(candidate) <= limit);
  const score = fine.length > 0 ? (c: Candidate) => c.kidValidation : worstSignal;
  const pool = fine.length > 0 ? fine : candidates;
  return pool.reduce((best, candidate) => (score(candidate) < score(best) ? candidate : best));
}

/** A SpineGAN whose judge never had a say is a GAN, whatever it is called. Throws SPINEGAN_WITHOUT_JUDGE. */
export function requireJudged(loss: 'gan' | 'spinegan', { judge }: Snapshot): void {
  if (loss === 'spinegan' && judge?.imagesShown === 0) throw new SiteError('SPINEGAN_WITHOUT_JUDGE');
}

/**
 * At most `count` snapshots to measure. Those of the first half are left out: a generator that has learned little lies
 * near nothing in particular, and KID likes its blur better than the first details (docs/decisions/site-runs.md). Of
 * the rest, those whose pixels are fine, evenly spread; or those that copy least.
 */
export function shortlist(snapshots: readonly Snapshot[], count: number, limit: number): Snapshot[] {
  const last = snapshots.at(-1)!;
  const grown = snapshots.filter(({ imagesShown }) => imagesShown >= last.imagesShown / 2);
  const fine = grown.filter(({ copySharePixels }) => copySharePixels <= limit);
  const least = [...grown].sort((a, b) => a.copySharePixels - b.copySharePixels).slice(0, count);
  const pool = fine.length > 0 ? fine : least;
  if (pool.length <= count) return pool;
  return Array.from({ length: count }, (_, i) => pool[Math.round(((i + 1) * pool.length) / count) - 1]!);
}
