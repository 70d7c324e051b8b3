import { histogramAuc, pooledAuc, poolingDiffers, type SiteCounts, stratifiedAuc } from '@synspine/metrics';
import {
  type BenchmarkCell,
  type CellWarning,
  POOLED,
  type ScoreReport,
  STRATIFIED,
} from '@synspine/protocol';

/** With fewer sites, what is said of all together and one's own counts would give another's away. */
export const POOL_SITES_MIN = 3;
/**
 * The small-cell rule: no count under 5 is published. It applies to the sum of the sites: applied to each it would cost
 * far more accuracy than it protects. The bins themselves are never published, only an AUC and two counts.
 */
export const CELL_COUNT_MIN = 5;

export type Answer = { siteId: string; report: ScoreReport };

/** `stratified` and `pooled` of the sites that answered for one classifier; none where they could give a site away. */
export function jointCells(trainedOn: string, answers: readonly Answer[]): BenchmarkCell[] {
  if (new Set(answers.map(({ siteId }) => siteId)).size < POOL_SITES_MIN) return [];
  const strata = shownStrata(answers);
  const about = { trainedOn, seeds: answers[0]!.report.seeds };
  return [...stratifiedCell(about, answers, strata), ...pooledCell(about, answers, strata)];
}

type About = Pick<BenchmarkCell, 'trainedOn' | 'seeds'>;

function stratifiedCell(
  about: About,
  answers: readonly Answer[],
  strata: readonly Answer[],
): BenchmarkCell[] {
  const counts = countFilms(strata);
  if (strata.length < 2 || isSmall(counts)) return [];
  const { value, ciLow, ciHigh } = stratifiedAuc(strata.map(toCounts))!;
  const warnings = warn({
    'sites-left-out': strata.length < answers.length,
    'clustering-ignored': !strata.every(saysClustering),
  });
  return [{ ...about, testedOn: STRATIFIED, auc: value, ciLow, ciHigh, ...counts, ...warnings }];
}

function pooledCell(about: About, answers: readonly Answer[], strata: readonly Answer[]): BenchmarkCell[] {
  const counts = countFilms(answers);
  if (isSmall(counts)) return [];
  const sites = new Map(answers.map((answer) => [answer, toCounts(answer)]));
  const { auc, ciLow, ciHigh } = pooledAuc([...sites.values()]);
  const compared = strata.map((answer) => sites.get(answer)!);
  const warnings = warn({
    'pooling-differs': compared.length > 1 && poolingDiffers([...sites.values()], compared),
    'clustering-ignored': !answers.every(saysClustering),
  });
  return [{ ...about, testedOn: POOLED, auc, ciLow, ciHigh, ...counts, ...warnings }];
}

/**
 * Sites whose AUC may enter the mean: those that tell it, and those that don't only if they are at least three. The mean of told
 * AUCs and one other gives that other away; of two others, each would learn the other's.
 */
function shownStrata(answers: readonly Answer[]): Answer[] {
  const able = answers.filter((answer) => Math.min(...Object.values(countFilms([answer]))) > 0);
  const told = able.filter(({ report }) => report.auc !== null);
  return able.length - told.length >= POOL_SITES_MIN ? able : told;
}

function toCounts({ report }: Answer): SiteCounts {
  const { positive, negative, auc } = report;
  return { positive, negative, designEffect: designEffectOf(report) ?? 1, ...(auc === null ? {} : { auc }) };
}

/**
 * What the site says; where an older agent doesn't, its variance, which is of whole patients, over that of its counts, which is of
 * single films. undefined where that isn't told either.
 */
export function designEffectOf(report: ScoreReport): number | undefined {
  const { positive, negative, aucVariance, designEffect } = report;
  if (designEffect !== undefined) return designEffect;
  if (aucVariance === null || Math.min(sum(positive), sum(negative)) < 2) return undefined;
  const films = histogramAuc(positive, negative).variance;
  return films > 0 ? Math.max(1, aucVariance / films) : undefined;
}

const saysClustering = ({ report }: Answer) => designEffectOf(report) !== undefined;

/** The warnings that hold, as a cell's field, which is absent where none does. */
export function warn(warnings: Partial<Record<CellWarning, boolean>>): Pick<BenchmarkCell, 'warnings'> {
  const held = (Object.keys(warnings) as CellWarning[]).filter((name) => warnings[name]);
  return held.length > 0 ? { warnings: held } : {};
}

type FilmCounts = Pick<BenchmarkCell, 'nPositive' | 'nNegative'>;

export function countFilms(answers: readonly Pick<Answer, 'report'>[]): FilmCounts {
  return {
    nPositive: sum(answers.map(({ report }) => sum(report.positive))),
    nNegative: sum(answers.map(({ report }) => sum(report.negative))),
  };
}

const isSmall = ({ nPositive, nNegative }: FilmCounts) => Math.min(nPositive, nNegative) < CELL_COUNT_MIN;

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
