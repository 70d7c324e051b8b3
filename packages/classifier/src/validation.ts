import { ClassifierError } from './classifier-error.ts';

/**
 * Area under the ROC curve of row-major probabilities [n, classes]: P(positive > negative) + ½ ties. Two classes: of
 * class 1; more: the mean of one class against the others, over the classes that these images have. Selects
 * checkpoints here; published figures with intervals come from the metrics package.
 */
export function meanAuc(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): number {
  const present = new Set(Array.from(labels));
  const judged =
    classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c).filter((c) => present.has(c));
  const each = judged.map((c) => aucOf(columnOf(probabilities, c, classes), labels, c));
  return each.reduce((sum, auc) => sum + auc, 0) / each.length;
}

const columnOf = (rows: Float32Array, column: number, width: number): number[] =>
  Array.from({ length: rows.length / width }, (_, row) => rows[row * width + column]!);

function aucOf(scores: number[], labels: ArrayLike<number>, positive: number): number {
  if (!scores.every(Number.isFinite)) throw new ClassifierError('NOT_FINITE');
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let [below, wins, positives] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [tiedPositive, tiedNegative] = [0, 0];
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++)
      if (labels[order[end]!] === positive) tiedPositive++;
      else tiedNegative++;
    wins += tiedPositive * (below + tiedNegative / 2);
    below += tiedNegative;
    positives += tiedPositive;
    start = end;
  }
  return wins / (positives * below);
}

/** Standard error of an AUC (Hanley & McNeil 1982, equation 2). */
export function aucStandardError(auc: number, nPositive: number, nNegative: number): number {
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc ** 2) / (1 + auc);
  const spread = auc * (1 - auc) + (nPositive - 1) * (q1 - auc ** 2) + (nNegative - 1) * (q2 - auc ** 2);
  return Math.sqrt(spread / (nPositive * nNegative));
}

/**
 * Which of the looks at the validation set to keep: the latest one within one standard error of the best. The best of
 * many noisy looks is mostly luck, and later weights were averaged longer.
 */
export function chooseCheckpoint(aucs: readonly number[], standardError: number): number {
  const best = Math.max(...aucs);
  return aucs.findLastIndex((auc) => auc >= best - standardError);
}

/** The temperature (Guo et al. 2017) that minimises the cross-entropy of logits / T, between 1/4 and 4. */
export function fitTemperature(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): number {
  const logits = probabilities.map((p) => Math.log(Math.max(p, 1e-12)));
  let [low, high] = [Math.log(0.25), Math.log(4)];
  for (let round = 0; round < 40; round++) {
    const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
    if (crossEntropyAt(left, logits, labels, classes) < crossEntropyAt(right, logits, labels, classes))
      high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

function crossEntropyAt(
  logT: number,
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): number {
  const inverse = Math.exp(-logT);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += Math.exp(logits[row * classes + c]! * inverse);
    sum += Math.log(total) - logits[row * classes + labels[row]!]! * inverse;
  }
  return sum / labels.length;
}
