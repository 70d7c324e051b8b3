import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { clusteredWilsonInterval, wilsonInterval } from './index.ts';
import { coverageOf, drawHits } from './simulated-films.ts';

describe('the interval of a share of films', () => {
  it.each([
    ['12 patients of 1–5 films, .8', { patients: 12, films: [1, 2, 3, 4, 5], share: 0.8, correlation: 0.5 }],
    [
      '46 patients of 1–5 films that agree, .95',
      { patients: 46, films: [1, 2, 3, 4, 5], share: 0.95, correlation: 0.8 },
    ],
    ['100 patients of one film, .95', { patients: 100, films: [1], share: 0.95, correlation: 0 }],
    [
      '120 patients, one in ten of 8 films',
      { patients: 120, films: [8, ...Array(9).fill(1)], share: 0.9, correlation: 0.8 },
    ],
    [
      '20 patients, one in five of 20 films',
      { patients: 20, films: [20, 1, 1, 1, 1], share: 0.8, correlation: 0.7 },
    ],
  ])('holds the truth 93 times in 100 at least: %s', (_, population) => {
    const random = seededRandom(11);
    const { high } = coverageOf(1_000, population.share, () => {
      const { hits, patients } = drawHits(population, random);
      return clusteredWilsonInterval(hits, patients);
    });
    expect(high).toBeGreaterThan(0.93);
  });

  it('is about Wilson’s for one film a patient, and that of patients where all films agree', () => {
    const hits = Array.from({ length: 400 }, (_, row) => row % 4 > 0);
    const alone = clusteredWilsonInterval(
      hits,
      hits.map((_, row) => `${row}`),
    );
    expect(alone.ciLow).toBeCloseTo(wilsonInterval(300, 400).ciLow, 2);
    const groups = hits.map((_, row) => `${row % 100}`); // whose four films agree
    expect(clusteredWilsonInterval(hits, groups).ciLow).toBeCloseTo(wilsonInterval(75, 100).ciLow, 2);
    const never = hits.map(() => false);
    expect(clusteredWilsonInterval(never, groups)).toEqual(wilsonInterval(0, 100));
  });

  it('needs two patients', () => {
    expect(() => clusteredWilsonInterval([true, false], ['one', 'one'])).toThrow(/two patients/);
  });
});
