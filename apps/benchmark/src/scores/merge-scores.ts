import { histogramAuc, newcombeInterval } from '@synspine/metrics';
import type { BenchmarkCell, ScoreReport } from '@synspine/protocol';
import type { ListedClassifier } from '../training/classifier-list.ts';
import { comparableRealScores } from './real-scores.ts';

/** With fewer sites, the pool and one's own counts would give another's away. */
export const POOL_SITES_MIN = 3;
/**
 * The small-cell rule: no count under 5 is published. It applies to the pool's sum: applied to each site it would cost
 * far more accuracy than it protects. The bins themselves are never published, only an AUC and two counts.
 */
export const CELL_COUNT_MIN = 5;

export type Score = { siteId: string; classifierId: string | null; report: ScoreReport };

/**
 * The matrix trained-on × tested-on. A site's cell is the AUC that the site itself approved (with enough films per
 * class), with Newcombe's interval; `pooled` comes from the summed histograms of all sites that answered for the same
 * classifier; `real:SITE` is what the site's own real films reach there, by classifiers that were trained exactly as those
 * beside it: without such ones at that site it is left out. `classifiers` lists this benchmark's, newest first: of
 * each training set, the newest one that has been scored counts.
 */
export function mergeScores(
  scores: readonly Score[],
  classifiers: readonly ListedClassifier[],
): BenchmarkCell[] {
  const cells: BenchmarkCell[] = [];
  const seen = new Set<string>();
  for (const classifier of classifiers) {
    const answers = scores.filter((score) => score.classifierId === classifier.id);
    const trainedOn = answers[0]?.report.trainedOn;
    if (trainedOn === undefined || seen.has(trainedOn)) continue;
    seen.add(trainedOn);
    const made = [...answers.flatMap((score) => siteCell(score)), ...pooledCell(trainedOn, answers)];
    cells.push(...made.map((cell) => ({ ...cell, ...aboutTraining(classifier) })));
  }
  const key = (cell: BenchmarkCell) => `${cell.trainedOn} ${cell.testedOn}`;
  for (const { score, ...about } of comparableRealScores(scores, cells, classifiers))
    cells.push(...siteCell(score).map((cell) => ({ ...cell, ...about })));
  return cells.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function aboutTraining({ training, generators, seeds, nTraining }: ListedClassifier): Partial<BenchmarkCell> {
  const about = { training, generators, seeds, nTraining };
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
}

function siteCell({ siteId, report }: Score): BenchmarkCell[] {
  const { trainedOn, seeds, auc, aucVariance } = report;
  if (auc === null || aucVariance === null) return [];
  const counts = { nPositive: sum(report.positive), nNegative: sum(report.negative) };
  const interval = newcombeInterval(auc, { ...counts, designEffect: designEffectOf(report) });
  return [{ trainedOn, testedOn: siteId, auc, ...interval, ...counts, seeds }];
}

/** The site's variance is of whole patients, that of its counts of single films. */
function designEffectOf({ positive, negative, aucVariance }: ScoreReport): number {
  if (aucVariance === null || Math.min(sum(positive), sum(negative)) < 2) return 1;
  const films = histogramAuc(positive, negative).variance;
  return films > 0 ? Math.max(1, aucVariance / films) : 1;
}

function pooledCell(trainedOn: string, answers: readonly Score[]): BenchmarkCell[] {
  if (new Set(answers.map((a) => a.siteId)).size < POOL_SITES_MIN) return [];
  const positive = addHistograms(answers.map((a) => a.report.positive));
  const negative = addHistograms(answers.map((a) => a.report.negative));
  if (Math.min(sum(positive), sum(negative)) < CELL_COUNT_MIN) return [];
  const { auc, ciLow, ciHigh, nPositive, nNegative } = histogramAuc(positive, negative);
  const { seeds } = answers[0]!.report;
  return [{ trainedOn, testedOn: 'pooled', auc, ciLow, ciHigh, nPositive, nNegative, seeds }];
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function addHistograms(histograms: readonly (readonly number[])[]): number[] {
  return histograms[0]!.map((_, bin) => sum(histograms.map((histogram) => histogram[bin]!)));
}
