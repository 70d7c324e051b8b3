import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { newcombeInterval } from './newcombe-interval.ts';
import { referenceValues } from './reference-sets.ts';
import { aucInterval } from './roc-auc.ts';
import { coverageOf, drawFilms, type FilmPopulation } from './simulated-films.ts';

type Case = { auc: number; m: number; n: number; designEffect: number; ciLow: number; ciHigh: number };

describe('Newcombe’s interval of an AUC', () => {
  it.each(referenceValues().newcombe5 as Case[])(
    'of $auc at $m/$n is where scipy’s root finder puts it',
    ({ auc, m, n, designEffect, ciLow, ciHigh }) => {
      const interval = newcombeInterval(auc, { nPositive: m, nNegative: n, designEffect });
      expect(interval.ciLow).toBeCloseTo(ciLow, 10);
      expect(interval.ciHigh).toBeCloseTo(ciHigh, 10);
    },
  );

  it('has width when every pair is in order, less with more films', () => {
    const few = newcombeInterval(1, { nPositive: 12, nNegative: 16 });
    const many = newcombeInterval(1, { nPositive: 120, nNegative: 160 });
    expect([few.ciHigh, many.ciHigh]).toEqual([1, 1]);
    expect(few.ciLow).toBeLessThan(0.9);
    expect(many.ciLow).toBeGreaterThan(few.ciLow);
    expect(many.ciLow).toBeLessThan(0.99);
  });

  it('mirrors when the classes change places', () => {
    const { ciLow, ciHigh } = newcombeInterval(0.8, { nPositive: 9, nNegative: 30, designEffect: 1.5 });
    const mirrored = newcombeInterval(1 - 0.8, { nPositive: 30, nNegative: 9, designEffect: 1.5 });
    expect(mirrored.ciLow).toBeCloseTo(1 - ciHigh, 12);
    expect(mirrored.ciHigh).toBeCloseTo(1 - ciLow, 12);
  });

  it('widens with the design effect, with added variance and with the quantile', () => {
    const counts = { nPositive: 30, nNegative: 30 };
    const width = (precision: object) => {
      const { ciLow, ciHigh } = newcombeInterval(0.8, { ...counts, ...precision });
      return ciHigh - ciLow;
    };
    for (const wider of [{ designEffect: 2 }, { addedVariance: 0.01 }, { quantile: 2.5 }])
      expect(width(wider)).toBeGreaterThan(1.1 * width({}));
  });

  it('is refused for what is no AUC, an empty class or no design effect', () => {
    const counts = { nPositive: 3, nNegative: 3 };
    for (const ask of [
      () => newcombeInterval(1.01, counts),
      () => newcombeInterval(Number.NaN, counts),
      () => newcombeInterval(0.5, { ...counts, nNegative: 0 }),
      () => newcombeInterval(0.5, { ...counts, designEffect: 0 }),
    ])
      expect(ask).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});

describe('the interval of an AUC holds the truth 93 to 98 times in 100', () => {
  const site = (patientsPositive: number, patientsNegative: number, auc: number, more = {}) => ({
    patientsPositive,
    patientsNegative,
    auc,
    ...more,
  });
  const clustered = { filmsMax: 5, correlation: 0.5 };
  it.each<[string, FilmPopulation]>([
    ['30/30 films, AUC .95', site(30, 30, 0.95)],
    ['11/18 films, AUC .9', site(11, 18, 0.9)],
    ['12/16 films, AUC .98', site(12, 16, 0.98)],
    ['100/100 films, AUC .8', site(100, 100, 0.8)],
    ['one class in ten against the rest, AUC .85', site(10, 90, 0.85)],
    ['30/30 patients of 1–5 films, AUC .9', site(30, 30, 0.9, clustered)],
    ['12/16 patients of 1–5 films, AUC .98', site(12, 16, 0.98, clustered)],
    ['patients with films of both classes, AUC .8', site(30, 30, 0.8, { ...clustered, mixed: 0.3 })],
  ])('%s', (name, population) => {
    const random = seededRandom(name.length);
    const { low, high } = coverageOf(1_500, population.auc, () => {
      const { scores, labels, patients } = drawFilms(population, random);
      const { ciLow, ciHigh } = aucInterval(scores, labels, patients);
      expect(ciHigh - ciLow).toBeGreaterThan(0);
      return { ciLow, ciHigh };
    });
    expect(high).toBeGreaterThan(0.93); // 99.9 % interval of the coverage: beyond by more than chance fails
    expect(low).toBeLessThan(0.98);
  });
});
