import { ProblemError, type ReleaseManifest, type ScoreReport } from '@synspine/protocol';

const ROUNDING = 1e-6;

/** What a score report must agree with. */
export type ExpectedScore = {
  trainedOn: string;
  /** The descriptor's; undefined for a site's own result. */
  seeds: number | undefined;
  /** The site's newest release, which fixes its hold-out; undefined for a site that has sent none. */
  release: Pick<ReleaseManifest, 'holdOutCommitment' | 'training'> | undefined;
};

/** Checks that a site's counts are those of its declared hold-out and agree with its AUC. Throws RESULT_INVALID. */
export function checkScore(report: ScoreReport, expected: ExpectedScore): void {
  const refuse = (why: string) => new ProblemError('RESULT_INVALID', why);
  if (report.trainedOn !== expected.trainedOn) throw refuse(`trainedOn must be ${expected.trainedOn}`);
  if (expected.seeds !== undefined && report.seeds !== expected.seeds)
    throw refuse(`seeds must be ${expected.seeds}`);
  const films = total(report.positive) + total(report.negative);
  if (films === 0) throw refuse('there are no counts');
  if (expected.release) checkHoldOut(report, films, expected.release);
  checkAuc(report, refuse);
  checkPatients(report, refuse);
}

function checkHoldOut(
  report: ScoreReport,
  films: number,
  { holdOutCommitment, training }: NonNullable<ExpectedScore['release']>,
): void {
  if (report.holdOutCommitment !== holdOutCommitment)
    throw new ProblemError('RESULT_INVALID', 'holdOutCommitment is not that of the site’s newest release');
  if (films !== training.films.heldOut)
    throw new ProblemError('RESULT_INVALID', `the counts add up to ${films}, not ${training.films.heldOut}`);
}

/**
 * An AUC of exact scores lies between the shares of (positive, negative) pairs in strictly ordered bins and in
 * ordered or equal bins, since pairs within one bin may fall either way.
 */
function checkAuc(
  { positive, negative, auc, aucVariance }: ScoreReport,
  refuse: (why: string) => ProblemError,
) {
  if ((auc === null) !== (aucVariance === null))
    throw refuse('auc and aucVariance must both be given or not');
  if (auc === null) return;
  const pairs = total(positive) * total(negative);
  if (pairs === 0) throw refuse('an AUC needs both classes');
  let ordered = 0;
  let tied = 0;
  let negativesBelow = 0;
  positive.forEach((count, bin) => {
    ordered += count * negativesBelow;
    tied += count * negative[bin]!;
    negativesBelow += negative[bin]!;
  });
  const [low, high] = [ordered / pairs, (ordered + tied) / pairs];
  if (auc < low - ROUNDING || auc > high + ROUNDING)
    throw refuse(`auc must lie in ${low.toFixed(4)}–${high.toFixed(4)} for these counts`);
}

/**
 * A design effect is at most twice the films of one patient (by Cauchy–Schwarz, with n/(n − 1) ≤ 2), and none has more than the
 * films of a class that its other patients leave.
 */
function checkPatients(
  { positive, negative, designEffect, patientsPositive, patientsNegative }: ScoreReport,
  refuse: (why: string) => ProblemError,
) {
  const told = [designEffect, patientsPositive, patientsNegative].filter((value) => value !== undefined);
  if (told.length === 0) return; // an agent before 0.2.0
  if (designEffect === undefined || patientsPositive === undefined || patientsNegative === undefined)
    throw refuse('designEffect, patientsPositive and patientsNegative must all be given or none');
  let most = 0;
  for (const [films, patients] of [
    [total(positive), patientsPositive],
    [total(negative), patientsNegative],
  ] as const) {
    if (patients > films || (films > 0 && patients === 0))
      throw refuse(`${patients} patients can’t have ${films} films of a class`);
    if (films > 0) most += films - patients + 1;
  }
  if (designEffect > 2 * most) throw refuse(`designEffect can be ${2 * most} at most with so many patients`);
}

function total(histogram: number[]): number {
  return histogram.reduce((sum, count) => sum + count, 0);
}
