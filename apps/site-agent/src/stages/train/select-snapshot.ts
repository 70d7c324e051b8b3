import type { Snapshot } from './snapshots.ts';

/** Above this share of images nearer to training than to validation, a generator is taken to copy (the audit's P2 bound). */
export const COPY_SHARE_MAX = 0.55;

export type Candidate = Snapshot & {
  /** The same share in Inception's features. */
  copyShareFeatures: number;
  /** Kernel distance to the validation films; lower is better. */
  kidValidation: number;
};

/**
 * The candidate with the best validation KID among those whose copy signals are fine; when none is, the one that copies
 * least. The hold-out plays no part.
 */
export function selectSnapshot(candidates: readonly Candidate[]): Candidate {
  const worstSignal = (c: Candidate) => Math.max(c.copySharePixels, c.copyShareFeatures);
  const fine = candidates.filter((candidate) => worstSignal(candidate) <= COPY_SHARE_MAX);
  const score = fine.length > 0 ? (c: Candidate) => c.kidValidation : worstSignal;
  const pool = fine.length > 0 ? fine : candidates;
  return pool.reduce((best, candidate) => (score(candidate) < score(best) ? candidate : best));
}

/** At most `count` of the snapshots, evenly spread, the last one included. Those that copy least in pixels go first. */
export function shortlist(snapshots: readonly Snapshot[], count: number): Snapshot[] {
  const fine = snapshots.filter(({ copySharePixels }) => copySharePixels <= COPY_SHARE_MAX);
  const least = [...snapshots].sort((a, b) => a.copySharePixels - b.copySharePixels).slice(0, count);
  const pool = fine.length > 0 ? fine : least;
  if (pool.length <= count) return pool;
  return Array.from({ length: count }, (_, i) => pool[Math.round(((i + 1) * pool.length) / count) - 1]!);
}
