import { rocAuc } from '@synspine/metrics';

/**
 * Variance of the mean AUC of `members` (one row of scores each, those of one generator after those of another) that training again would
 * bring: the variance between generators' means over their number, which holds the classifier seeds' too; with one generator the
 * variance between seeds over their number. null with one member.
 */
export function trainingVariance(
  members: readonly Float32Array[],
  generators: number,
  labels: readonly boolean[],
): number | null {
  const aucs = members.map((scores) => rocAuc(scores, labels));
  const each = aucs.length / generators;
  const means = Array.from({ length: generators }, (_, at) => mean(aucs.slice(at * each, (at + 1) * each)));
  const drawn = generators > 1 ? means : aucs;
  if (drawn.length < 2) return null;
  const centre = mean(drawn);
  const squares = drawn.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (drawn.length - 1) / drawn.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
