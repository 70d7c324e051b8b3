import { BASELINE_TRAINING, type BenchmarkCell, describeTraining } from '@synspine/protocol';
import type { ListedClassifier } from '../training/classifier-list.ts';
import type { Score } from './merge-scores.ts';

/** A site's own result, and how it came about. */
export type RealScore = { score: Score } & Pick<BenchmarkCell, 'training' | 'nTraining'>;

/**
 * One result at most of each site's own films: one of classifiers that were trained exactly as some whose cells stand at
 * that site. Of several the one that the newest of those classifiers goes with.
 */
export function comparableRealScores(
  scores: readonly Score[],
  cells: readonly BenchmarkCell[],
  classifiers: readonly ListedClassifier[],
): RealScore[] {
  const own = scores.filter((s) => s.classifierId === null && s.report.trainedOn === `real:${s.siteId}`);
  return [...new Set(own.map(({ siteId }) => siteId))].flatMap((siteId) => {
    const beside = new Set(cells.filter((cell) => cell.testedOn === siteId).map((cell) => cell.training));
    const wanted = classifiers.flatMap(({ training }) =>
      training && beside.has(training) ? [training] : [],
    );
    const ofSite = own.filter((score) => score.siteId === siteId);
    const matches = wanted.flatMap((training) =>
      ofSite
        .filter((score) => trainingOf(score, classifiers) === training)
        .map((score) => ({ score, training, ...countOf(score) })),
    );
    return matches.slice(0, 1);
  });
}

function countOf({ report: { nTraining } }: Score): Pick<BenchmarkCell, 'nTraining'> {
  return nTraining === undefined ? {} : { nTraining };
}

/** Agents of 0.1.0 don't say how they trained: always the same way, at the size of their own release. */
function trainingOf({ siteId, report }: Score, classifiers: readonly ListedClassifier[]): string | undefined {
  if (report.training) return describeTraining(report.training);
  const imageSize = classifiers.find(({ trainedOn }) => trainedOn === `synthetic:${siteId}`)?.imageSize;
  if (imageSize === undefined) return undefined;
  return describeTraining({ ...BASELINE_TRAINING, seeds: [...BASELINE_TRAINING.seeds], imageSize });
}
