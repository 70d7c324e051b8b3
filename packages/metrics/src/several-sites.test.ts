import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { binPlacements } from './histogram-auc.ts';
import { newcombeInterval } from './newcombe-interval.ts';
import { normalCumulative, normalQuantile } from './normal-distribution.ts';
import { aucInterval } from './roc-auc.ts';
import { pooledAuc, poolingDiffers, type SiteCounts, stratifiedAuc } from './several-sites.ts';
import { coverageOf, drawFilms } from './simulated-films.ts';

const BINS = 256;
const SITES = [
  [30, 30],
  [20, 25],
  [25, 20],
] as const;

/** Three sites of patients with 1–5 films; site s adds s · shift to its scores. */
function drawSites(auc: number, shift: number, random: () => number): SiteCounts[] {
  const middle = normalQuantile(auc) / Math.SQRT2 + shift;
  return SITES.map(([patientsPositive, patientsNegative], site) => {
    const films = drawFilms({ patientsPositive, patientsNegative, auc, filmsMax: 5 }, random);
    const counts = [0, 1].map(() => new Array<number>(BINS).fill(0));
    films.scores.forEach((score, i) => {
      const probability = 1 / (1 + Math.exp(middle - score - site * shift));
      counts[films.labels[i]!]![Math.floor(probability * BINS)]! += 1;
    });
    const { designEffect } = aucInterval(films.scores, films.labels, films.patients);
    return { positive: counts[1]!, negative: counts[0]!, designEffect };
  });
}

/** AUC of the heap: the mean over pairs of sites of P(positive of one > negative of the other). */
function pooledTruth(auc: number, shift: number): number {
  const [positives, negatives] = [0, 1].map((side) => SITES.reduce((sum, site) => sum + site[side]!, 0));
  return SITES.reduce(
    (sum, [p], a) =>
      SITES.reduce((inner, [, n], b) => {
        const share = (p * n) / (positives! * negatives!);
        return inner + share * normalCumulative(normalQuantile(auc) + (shift * (a - b)) / Math.SQRT2);
      }, sum),
    0,
  );
}

describe('AUCs of several sites', () => {
  const site = (positive: number[], negative: number[], designEffect = 1): SiteCounts => ({
    positive,
    negative,
    designEffect,
  });

  it('the stratified one is the mean of the sites’, by hand, and unmoved by a shift between sites', () => {
    const one = site([0, 1, 3, 0, 0], [3, 1, 0, 0, 0]); // (1·3.5 + 3·4)/16
    const two = site([0, 0, 0, 2, 2], [0, 0, 1, 3, 0]); // (2·2.5 + 2·4)/16
    const { value } = stratifiedAuc([one, two])!;
    expect(value).toBeCloseTo((15.5 / 16 + 13 / 16) / 2, 12); // equal counts, equal weights
    const moved = site([0, 2, 2, 0, 0], [1, 3, 0, 0, 0]);
    expect(stratifiedAuc([one, moved])!.value).toBeCloseTo(value, 12);
    expect(pooledAuc([one, moved]).auc).not.toBeCloseTo(pooledAuc([one, two]).auc, 3);
  });

  it('leaves out a site of one class, and there is none where no site has both', () => {
    const both = site([0, 1, 3], [3, 1, 0]);
    const alone = site([0, 9, 0], [0, 0, 0]);
    const { value, ciLow, ciHigh } = stratifiedAuc([both, alone])!;
    const { auc } = binPlacements(both.positive, both.negative);
    const own = newcombeInterval(auc, { nPositive: 4, nNegative: 4 });
    expect(value).toBeCloseTo(auc, 12);
    expect([ciLow, ciHigh]).toEqual([expect.closeTo(own.ciLow, 12), expect.closeTo(own.ciHigh, 12)]);
    expect(stratifiedAuc([alone])).toBeNull();
    expect(Number.isFinite(pooledAuc([both, alone]).auc)).toBe(true);
    expect(poolingDiffers([both, alone])).toBe(false);
  });

  it('neither has zero width where every pair is in order', () => {
    const apart = site([0, 0, 5], [4, 2, 0], 2);
    for (const { ciLow, ciHigh } of [stratifiedAuc([apart, apart])!, pooledAuc([apart, apart])]) {
      expect(ciHigh).toBe(1);
      expect(ciLow).toBeLessThan(0.9);
    }
  });

  it.each([
    ['as they are', 0],
    ['with scores that are shifted between sites', 0.5],
  ])('sites of patients with 1–5 films, %s: both hold the truth 93 to 98 times in 100', (_, shift) => {
    const random = seededRandom(31);
    const draws = Array.from({ length: 600 }, () => drawSites(0.85, shift, random));
    let at = 0;
    const pooled = coverageOf(draws.length, pooledTruth(0.85, shift), () => pooledAuc(draws[at++]!));
    at = 0;
    const stratified = coverageOf(draws.length, 0.85, () => stratifiedAuc(draws[at++]!)!);
    for (const { low, high } of [pooled, stratified]) {
      expect(high).toBeGreaterThan(0.93);
      expect(low).toBeLessThan(0.98);
    }
  });

  it('are said to differ when shifted apart, and seldom when not', () => {
    const random = seededRandom(32);
    const share = (shift: number) =>
      Array.from({ length: 200 }, () => poolingDiffers(drawSites(0.85, shift, random))).filter(Boolean)
        .length / 200;
    expect(share(0)).toBeLessThan(0.08);
    expect(share(1)).toBeGreaterThan(0.9);
  });
});
