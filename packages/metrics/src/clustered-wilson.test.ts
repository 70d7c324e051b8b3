import { seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { clusteredWilsonInterval, wilsonInterval } from './index.ts';
import { normalQuantile } from './normal-distribution.ts';
import { coverageOf } from './simulated-films.ts';

describe('the interval of a share of films', () => {
  it.each([
    ['12 patients of 1–5 films, .8', 12, 5, 0.8],
    ['30 patients of 1–5 films, .9', 30, 5, 0.9],
    ['60 patients of 1–3 films, .5', 60, 3, 0.5],
    ['100 patients of one film, .95', 100, 1, 0.95],
  ])('holds the truth 93 to 99 times in 100: %s', (_, patients, filmsMax, share) => {
    const random = seededRandom(11);
    const { low, high } = coverageOf(1_000, share, () => {
      const { hits, groups } = drawHits(random, { patients, filmsMax, share });
      return clusteredWilsonInterval(hits, groups);
    });
    expect(high).toBeGreaterThan(0.93);
    expect(low).toBeLessThan(0.99);
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

/** Films of which a latent normal falls below the share's quantile; half of its variance is the patient's. */
function drawHits(random: () => number, of: { patients: number; filmsMax: number; share: number }) {
  const [hits, groups]: [boolean[], string[]] = [[], []];
  const limit = Math.SQRT2 * normalQuantile(of.share);
  for (let patient = 0; patient < of.patients; patient++) {
    const own = seededNormal(random);
    const films = 1 + Math.floor(random() * of.filmsMax);
    for (let film = 0; film < films; film++) {
      hits.push(own + seededNormal(random) < limit);
      groups.push(`${patient}`);
    }
  }
  return { hits, groups };
}
