import { newcombeInterval } from '@synspine/metrics';
import { type BenchmarkCell, POOLED, STRATIFIED } from '@synspine/protocol';
import type { ListedClassifier } from '../training/classifier-list.ts';
import { type Answer, countFilms, designEffectOf, jointCells, warn } from './joint-cells.ts';
import { comparableRealScores } from './real-scores.ts';
import { withTrainingSpread } from './training-spread.ts';

export type Score = Answer & { classifierId: string | null };

/**
 * The matrix trained-on × tested-on. A site's cell is the AUC that the site itself approved (with enough films per
 * class), with Newcombe's interval; `stratified` is the mean of the sites' own AUCs, `pooled` the AUC of the summed histograms, of
 * all sites that answered for the same classifier; `real:SITE` is what the site's own real films reach there, by classifiers that
 * were trained exactly as those beside it: without such ones at that site it is left out. `classifiers` lists this benchmark's,
 * newest first: of each training set, the newest one that has been scored counts.
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
    const widen = (cell: BenchmarkCell) =>
      withTrainingSpread(
        cell,
        answers.map(({ report }) => report),
      );
    const made = [
      ...jointCells(trainedOn, answers).map(widen),
      ...answers.flatMap((score) => siteCell(score)),
    ];
    cells.push(...made.map((cell) => ({ ...cell, ...aboutTraining(classifier) })));
  }
  for (const { score, ...about } of comparableRealScores(scores, cells, classifiers))
    cells.push(...siteCell(score).map((cell) => ({ ...cell, ...about })));
  return cells.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/** All sites together come before each alone, the stratified AUC before the pooled one. */
function sortKey({ trainedOn, testedOn }: BenchmarkCell): string {
  const joint = [STRATIFIED, POOLED].indexOf(testedOn);
  return `${trainedOn} ${joint < 0 ? `2 ${testedOn}` : joint}`;
}

function aboutTraining(classifier: ListedClassifier): Partial<BenchmarkCell> {
  const { id: classifierId, training, generators, seeds, nTraining } = classifier;
  const about = { classifierId, training, generators, seeds, nTraining };
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
}

function siteCell({ siteId, report }: Score): BenchmarkCell[] {
  const { trainedOn, seeds, auc } = report;
  if (auc === null) return [];
  const counts = countFilms([{ report }]);
  const designEffect = designEffectOf(report);
  const interval = newcombeInterval(auc, { ...counts, designEffect: designEffect ?? 1 });
  const warnings = warn({ 'clustering-ignored': designEffect === undefined });
  const cell = { trainedOn, testedOn: siteId, auc, ...interval, ...counts, seeds, ...warnings };
  return [withTrainingSpread(cell, [report])];
}
