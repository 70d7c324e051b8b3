export type ProgressAt = { percent: number; secondsLeft: number | null };

const LINE_MS = 60_000;

/**
 * What to tell of something's progress where no bar can be drawn: once a minute, and only when it went on. Time left is by the pace
 * since the first call; null before there is one.
 */
export function createPace(now: () => number = () => performance.now()) {
  let first: { at: number; share: number } | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  let toldShare = -1;
  return (share: number): ProgressAt | null => {
    const at = now();
    if (!first || share < first.share) {
      first = { at, share };
      toldAt = at; // nothing is known at the first call
    }
    if (at - toldAt < LINE_MS || share === toldShare) return null;
    [toldAt, toldShare] = [at, share];
    const gone = share - first.share;
    const secondsLeft = gone > 0 ? Math.round(((at - first.at) / 1_000) * ((1 - share) / gone)) : null;
    return { percent: Math.round(share * 100), secondsLeft };
  };
}

/** `about 3 minutes left`; nothing where it isn't known. */
export function describeTimeLeft(secondsLeft: number | null): string {
  if (secondsLeft === null) return '';
  if (secondsLeft < 90) return `, about ${secondsLeft} s left`;
  if (secondsLeft < 5_400) return `, about ${Math.round(secondsLeft / 60)} minutes left`;
  return `, about ${Math.round(secondsLeft / 3_600)} hours left`;
}
