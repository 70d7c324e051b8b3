import type { AucRow, CurveRow } from './auc-rows.ts';
import type { Interval } from './interval.ts';
import type { PaperResults } from './results.ts';
import { formatInterval } from './tables.ts';

/** What "as good as" means here: an AUC that is lower by less than this. Chosen before anything was measured. */
const MARGIN = 0.05;

/**
 * What the intervals allow to be said, one sentence a comparison: of all sites' films, at the end of the trainings and along the
 * curve. A difference whose interval holds 0 is no difference shown; "as good as" takes an interval above −{@link MARGIN}. With one
 * seed the interval is of those networks alone, and nothing is claimed of the method.
 */
export function describeClaims({
  auc,
  curve,
  options: { generatorSeeds, classifierSeeds },
}: PaperResults): string[] {
  const word = Math.min(generatorSeeds, classifierSeeds) < 2 ? () => ONE_SEED : wordDifference;
  const main = auc.filter(({ testedOn }) => testedOn !== undefined);
  const tests = [...new Set(main.map(({ test }) => test))];
  return [
    ...main.flatMap((row) => compareRow(row, word)),
    ...tests.flatMap((test) => describeGrowth(main, curve, test)),
  ];
}

const ONE_SEED = 'was trained with one seed, which allows no claim, and differs from';

function compareRow(
  { method, test, films, patients, lessReal, lessGan }: AucRow,
  word: (difference: Interval) => string,
): string[] {
  const on = `on ${test} (${films} films of ${patients} patients)`;
  const say = (other: string, difference: Interval) =>
    `${method} ${word(difference)} ${other} ${on}: ${formatInterval(difference)}.`;
  if (method === 'real') return [];
  return [...(lessReal ? [say('real', lessReal)] : []), ...(lessGan ? [say('gan', lessGan)] : [])];
}

/** The claim that a difference of AUCs allows. */
export function wordDifference({ ciLow, ciHigh }: Interval): string {
  if (ciLow > 0) return 'is better than';
  if (ciHigh < 0) return ciLow > -MARGIN ? 'is worse, by less than the margin, than' : 'is worse than';
  if (ciLow > -MARGIN) return `is as good as (to within ${MARGIN})`;
  return 'shows no difference, but may be worse by more than the margin, to';
}

/** Whether longer training still pays: first point of the curve against the last. */
function describeGrowth(main: readonly AucRow[], curve: readonly CurveRow[], test: string): string[] {
  const { trainedOn } = main[0]!;
  return (['gan', 'spinegan'] as const).flatMap((method) => {
    const points = curve.filter(
      (row) => row.trainedOn === trainedOn && row.test === test && row.method === method,
    );
    if (points.length < 2) return [];
    const told = points.map(({ imagesShown, auc }) => `${formatInterval(auc)} after ${imagesShown}`);
    return [`${method} on ${test}, AUC by images shown: ${told.join(', ')}.`];
  });
}
