import { binPlacements, histogramAuc, total } from './histogram-auc.ts';
import type { MetricInterval } from './metric-interval.ts';
import { newcombeInterval } from './newcombe-interval.ts';
import { normalQuantile } from './normal-distribution.ts';
import type { AucInterval } from './roc-auc.ts';

/** What a site tells of its scores: counts by class in the agreed bins, and what its films are worth (see `designEffect`). */
export type SiteCounts = {
  positive: readonly number[];
  negative: readonly number[];
  designEffect: number;
  /** Of the unbinned scores, where the site tells it. */
  auc?: number;
};

/**
 * AUC of the sites' films in one heap: a positive of one site is also compared with negatives of the others, so that sites whose
 * scores are shifted against each other pull it down or up, however well each tells its own films apart. Newcombe's interval with
 * the mean of the sites' design effects, each weighted by its share of the variance.
 * Throws a MetricError as `histogramAuc`.
 */
export function pooledAuc(sites: readonly SiteCounts[]): AucInterval {
  const [positive, negative] = [addUp(sites, 'positive'), addUp(sites, 'negative')];
  const { auc, ofPositive, ofNegative } = binPlacements(positive, negative);
  const share = (site: SiteCounts) =>
    squares(site.positive, ofPositive, auc) / total(positive) ** 2 +
    squares(site.negative, ofNegative, auc) / total(negative) ** 2;
  const shares = sites.map(share);
  const all = total(shares);
  const designEffect =
    all > 0 ? total(sites.map((s, i) => (s.designEffect * shares[i]!) / all)) : meanEffect(sites);
  return histogramAuc(positive, negative, { designEffect: Math.max(1, designEffect) });
}

/**
 * Mean of the sites' own AUCs, weighted by n⁺n⁻/(n⁺ + n⁻): only films of one site are compared, so it says how well patients of a
 * hospital are told apart there, whatever its scanner does to the scores. Where sites are equally hard those weights are the
 * inverse of the AUC's variance but for a constant; unlike estimated variances they are known beforehand and don't run away at an
 * AUC of 1. Sites without one of the classes have no part. The interval puts the sites' Newcombe intervals together by squares of
 * their distances to each bound (MOVER; Zou & Donner 2008), the sites being fixed: it is about these sites, not about a new one.
 * null where no site has both classes.
 */
export function stratifiedAuc(sites: readonly SiteCounts[]): MetricInterval | null {
  const strata = strataOf(sites).filter(({ weight }) => weight > 0);
  if (strata.length === 0) return null;
  const parts = strata.map(({ site, weight, binned }) => {
    const auc = site.auc ?? binned.auc;
    const counts = { nPositive: total(site.positive), nNegative: total(site.negative) };
    return { auc, weight, ...newcombeInterval(auc, { ...counts, designEffect: site.designEffect }) };
  });
  const value = total(parts.map(({ auc, weight }) => weight * auc));
  const below = Math.hypot(...parts.map(({ auc, weight, ciLow }) => weight * (auc - ciLow)));
  const above = Math.hypot(...parts.map(({ auc, weight, ciHigh }) => weight * (ciHigh - auc)));
  const standardError = (below + above) / 2 / Z;
  return { value, ciLow: value - below, ciHigh: value + above, standardError };
}

/**
 * Whether the pooled AUC of `sites` and the stratified one of `strata` differ by more than noise (5 %, two-sided, normal): the
 * variance of the difference is the sum over films of squared differences of what each adds to the two, within site and class,
 * times the site's design effect. Where they differ the sites' scores are calibrated differently, or one is harder.
 */
export function poolingDiffers(sites: readonly SiteCounts[], strata: readonly SiteCounts[] = sites): boolean {
  const [positive, negative] = [addUp(sites, 'positive'), addUp(sites, 'negative')];
  const pooled = binPlacements(positive, negative);
  const own = new Map(strataOf(strata).map((stratum) => [stratum.site, stratum]));
  const gap =
    pooled.auc - total([...own.values()].map(({ weight, binned }) => weight && weight * binned.auc));
  const variances = sites.map((site) => {
    const { weight, binned } = own.get(site) ?? NONE;
    const added = (side: 'positive' | 'negative', all: number[], alone: number[] | undefined, n: number) => {
      const inPool = 1 / n;
      const inSite = weight > 0 ? weight / total(site[side]) : 0;
      return all.map((placement, bin) => inPool * placement - (inSite > 0 ? inSite * alone![bin]! : 0));
    };
    const ofPositive = added('positive', pooled.ofPositive, binned?.ofPositive, total(positive));
    const ofNegative = added('negative', pooled.ofNegative, binned?.ofNegative, total(negative));
    return (
      site.designEffect * (sumVariance(site.positive, ofPositive) + sumVariance(site.negative, ofNegative))
    );
  });
  return Math.abs(gap) > Z * Math.sqrt(total(variances));
}

const Z = normalQuantile(0.975);
const NONE = { weight: 0, binned: null };

/** Each site with its weight (0 without one of the classes; all add up to 1) and its own placements. */
function strataOf(sites: readonly SiteCounts[]) {
  const sizes = sites.map(({ positive, negative }) => {
    const [n, m] = [total(positive), total(negative)];
    return n + m > 0 ? (n * m) / (n + m) : 0;
  });
  const all = total(sizes);
  return sites.map((site, i) => ({
    site,
    weight: all > 0 ? sizes[i]! / all : 0,
    binned: binPlacements(site.positive, site.negative),
  }));
}

function addUp(sites: readonly SiteCounts[], side: 'positive' | 'negative'): number[] {
  return sites[0]![side].map((_, bin) => total(sites.map((site) => site[side][bin]!)));
}

function meanEffect(sites: readonly SiteCounts[]): number {
  return total(sites.map(({ designEffect }) => designEffect)) / sites.length;
}

/** Σ count · (value − centre)². */
function squares(counts: readonly number[], values: readonly number[], centre: number): number {
  return total(counts.map((count, bin) => count && count * (values[bin]! - centre) ** 2));
}

/** Variance of the sum of n independent films' values, whose mean may be anything: n/(n − 1) Σ (value − mean)². */
function sumVariance(counts: readonly number[], values: readonly number[]): number {
  const n = total(counts);
  if (n < 2) return 0;
  const mean = total(counts.map((count, bin) => count && count * values[bin]!)) / n;
  return (n / (n - 1)) * squares(counts, values, mean);
}
