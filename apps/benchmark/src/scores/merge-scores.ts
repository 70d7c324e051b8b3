import { histogramAuc, newcombeInterval } from '@synspine/metrics';
import type { BenchmarkCell, ScoreReport } from '@synspine/protocol';

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
 * classifier; `real:SITE` is what the site's own real films reach there. `classifierIds` lists this benchmark's
 * classifiers, newest first: of each training set, the newest one that has been scored counts.
 */
export function mergeScores(scores: readonly Score[], classifierIds: readonly string[]): BenchmarkCell[] {
  const local = scores.filter((s) => s.classifierId === null && s.report.trainedOn === `real:${s.siteId}`);
  const cells = local.flatMap((score) => siteCell(score));
  const seen = new Set<string>();
  for (const id of classifierIds) {
    const answers = scores.filter((score) => score.classifierId === id);
    const trainedOn = answers[0]?.report.trainedOn;
    if (trainedOn === undefined || seen.has(trainedOn)) continue;
    seen.add(trainedOn);
    cells.push(...answers.flatMap((score) => siteCell(score)), ...pooledCell(trainedOn, answers));
  }
  const key = (cell: BenchmarkCell) => `${cell.trainedOn} ${cell.testedOn}`;
  return cells.sort((a, b) => (key(a) < key(b) ? -1 : 1));
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
