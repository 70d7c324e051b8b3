import { ClassifierError } from '@synspine/classifier';
import { aucInterval, filmDesignEffect } from '@synspine/metrics';
import { SCORE_BINS, type ScoreReport } from '@synspine/protocol';
import { trainingVariance } from './training-variance.ts';

const POSITIVE = 1; // abnormal

/** Scores of the sealed hold-out, film by film. They never leave the process that made them. */
export type HoldOutScores = {
  scores: Float32Array;
  labels: Uint8Array;
  patients: readonly string[];
  /** The same by each member of the ensemble, and how many generators they come from. */
  members?: readonly Float32Array[];
  generators?: number;
};

/**
 * All that may be told about scores: counts in the agreed bins by class, the design effect and the patients of each class, and the
 * AUC with its variance where each class has at least `minPerClass` films. Throws NOT_FINITE where a film has no score: such counts would leave it out unsaid.
 */
export function reportScores(
  { scores, labels, patients, members = [scores], generators = 1 }: HoldOutScores,
  about: Pick<ScoreReport, 'trainedOn' | 'training' | 'nTraining' | 'seeds' | 'holdOutCommitment'>,
  minPerClass: number,
): ScoreReport {
  if (!scores.every(Number.isFinite)) throw new ClassifierError('NOT_FINITE');
  const isPositive = Array.from(labels, (label) => label === POSITIVE);
  const positive = histogram(scores.filter((_, i) => isPositive[i]));
  const negative = histogram(scores.filter((_, i) => !isPositive[i]));
  const smallest = Math.min(total(positive), total(negative));
  const isTold = smallest >= Math.max(2, minPerClass); // an AUC needs two films of each class
  const countPatients = (of: boolean) => new Set(patients.filter((_, i) => isPositive[i] === of)).size;
  const interval = isTold ? aucInterval(scores, isPositive, patients) : null;
  const { auc, variance } = interval ?? { auc: null, variance: null };
  return {
    ...about,
    positive,
    negative,
    auc,
    aucVariance: variance,
    trainingVariance: isTold ? trainingVariance(members, generators, isPositive) : null,
    designEffect: filmDesignEffect(scores, isPositive, patients),
    patientsPositive: countPatients(true),
    patientsNegative: countPatients(false),
  };
}

/** Counts in bins min(255, ⌊score·256⌋). */
export function histogram(scores: Float32Array): number[] {
  const bins = new Array<number>(SCORE_BINS).fill(0);
  for (const score of scores)
    bins[Math.min(SCORE_BINS - 1, Math.max(0, Math.floor(score * SCORE_BINS)))]! += 1;
  return bins;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
