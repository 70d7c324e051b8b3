export { blockPrecisionRecall } from './block-precision-recall.ts';
export { clusteredWilsonInterval } from './clustered-wilson.ts';
export type { Features } from './features.ts';
export { columnMeans, joinRows, selectRows } from './features.ts';
export { frechetDistance } from './frechet-distance.ts';
export { histogramAuc } from './histogram-auc.ts';
export { createInception, INCEPTION_COLUMNS, type Inception } from './inception/create-inception.ts';
export { kernelDistance } from './kernel-distance.ts';
export { squaredDistances } from './linear-algebra.ts';
export { densityCoverage, precisionRecall } from './manifold-scores.ts';
export { MetricError, type MetricErrorCode } from './metric-error.ts';
export {
  frechetInterval,
  type IntervalOptions,
  kernelInterval,
  type MetricInterval,
  manifoldIntervals,
} from './metric-interval.ts';
export { type AucPrecision, newcombeInterval } from './newcombe-interval.ts';
export { normalCumulative, normalQuantile, studentQuantile } from './normal-distribution.ts';
export { type AucInterval, aucInterval, filmDesignEffect, rocAuc } from './roc-auc.ts';
export { type SeededScores, seededAuc, seededAucDifference, type TestFilms } from './seeded-auc.ts';
export { pooledAuc, poolingDiffers, type SiteCounts, stratifiedAuc } from './several-sites.ts';
export { wilsonInterval } from './wilson-interval.ts';
