import { seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, test } from 'vitest';
import { normalCumulative } from './normal-distribution.ts';
import { aucInterval } from './roc-auc.ts';
import { seededAuc, seededAucDifference } from './seeded-auc.ts';
import { coverageOf, drawFilms as drawPopulation } from './simulated-films.ts';

/** Normal scores, positives `shift` higher; one film a patient. */
function drawFilms(n: number, shift: number, seed: number) {
  const random = seededRandom(seed);
  const labels = Array.from({ length: n }, (_, i) => i % 2);
  const scores = labels.map((label) => label * shift + seededNormal(random));
  return { labels, scores, patients: labels.map((_, i) => `p${i}`) };
}

describe('seededAuc', () => {
  test('is the mean of the networks’ AUCs, ties counting half', () => {
    const labels = [0, 0, 1, 1];
    const patients = ['a', 'b', 'c', 'd'];
    const perfect = [0, 1, 2, 3];
    const tied = [1, 1, 1, 1];
    const { value } = seededAuc([[perfect, tied]], { labels, patients });
    expect(value).toBe((1 + 0.5) / 2);
  });

  test('with one network its interval is that of its AUC', () => {
    const films = drawFilms(400, 1, 3);
    const ours = seededAuc([[films.scores]], films);
    const { auc, ciLow, ciHigh } = aucInterval(films.scores, films.labels, films.patients);
    expect([ours.value, ours.ciLow, ours.ciHigh].map((x) => x.toFixed(12))).toEqual(
      [auc, ciLow, ciHigh].map((x) => x.toFixed(12)),
    );
  });

  test('networks that put every pair in order still have an interval', () => {
    const [labels, scores] = [
      [0, 0, 0, 1, 1, 1],
      [1, 2, 3, 4, 5, 6],
    ];
    const films = { labels, patients: labels.map((_, i) => `p${i}`) };
    const { value, ciLow, ciHigh } = seededAuc([Array(3).fill(scores), Array(3).fill(scores)], films);
    expect([value, ciHigh]).toEqual([expect.closeTo(1, 12), 1]);
    expect(ciLow).toBeLessThan(0.8);
    const difference = seededAucDifference([[scores]], [[scores.map((x) => x * x)]], films);
    expect(difference.ciLow).toBeLessThan(0);
    expect(difference.ciHigh).toBeGreaterThan(0);
  });

  test('networks that disagree widen the interval', () => {
    const films = drawFilms(400, 1, 3);
    const blind = drawFilms(400, 0, 4).scores;
    const width = ({ ciLow, ciHigh }: { ciLow: number; ciHigh: number }) => ciHigh - ciLow;
    const alike = seededAuc([[films.scores], [films.scores]], films);
    const apart = seededAuc([[films.scores], [blind]], films);
    expect(width(apart)).toBeGreaterThan(2 * width(alike));
  });

  test('patients with many films widen it: their films aren’t independent', () => {
    const films = drawFilms(400, 1, 3);
    const ten = films.patients.map((_, i) => `p${Math.floor(i / 10)}`);
    const copies = films.scores.map((_, i) => films.scores[10 * Math.floor(i / 10) + (i % 2)]!);
    const width = (patients: string[]) => {
      const { ciLow, ciHigh } = seededAuc([[copies]], { labels: films.labels, patients });
      return ciHigh - ciLow;
    };
    expect(width(ten)).toBeGreaterThan(2 * width(films.patients));
  });
});

describe('seededAucDifference', () => {
  test('pairs patients: the difference of a network to itself is exactly 0', () => {
    const films = drawFilms(60, 1, 5);
    const { value, ciLow, ciHigh } = seededAucDifference([[films.scores]], [[films.scores]], films);
    expect([value, ciLow, ciHigh]).toEqual([0, 0, 0]);
  });

  test('excludes 0 when one network is blind', () => {
    const films = drawFilms(200, 2, 5);
    const blind = drawFilms(200, 0, 6).scores;
    expect(seededAucDifference([[films.scores]], [[blind]], films).ciLow).toBeGreaterThan(0.2);
  });
});

describe('over repeated trainings and hold-outs', () => {
  const n = 500;
  /** [generators][classifiers] of two methods on the same films; every network errs in its own way, too. */
  function drawNetworks(random: () => number, spread: number) {
    const films = drawPopulation(
      { patientsPositive: 50, patientsNegative: 50, auc: 0.5, filmsMax: 3 },
      random,
    );
    const networks = (shift: number) =>
      Array.from({ length: 2 }, () => {
        const generator = shift + spread * seededNormal(random);
        return Array.from({ length: 3 }, () => {
          const classifier = generator + 0.7 * spread * seededNormal(random);
          return films.scores.map((s, i) => s + 0.5 * seededNormal(random) + films.labels[i]! * classifier);
        });
      });
    return { films, networks };
  }
  /** P(positive > negative) over films, generators and classifiers: all normal. */
  const truth = (shift: number, spread: number) =>
    normalCumulative(shift / Math.sqrt(2 * 1.25 + 1.49 * spread ** 2));

  test('two generators with three classifiers each hold the truth 93 to 98 times in 100', () => {
    const random = seededRandom(11);
    const { low, high } = coverageOf(n, truth(1.5, 0.15), () => {
      const { films, networks } = drawNetworks(random, 0.15);
      return seededAuc(networks(1.5), films);
    });
    expect(high).toBeGreaterThan(0.93);
    expect(low).toBeLessThan(0.98);
  });

  test('so does the difference of two methods', () => {
    const random = seededRandom(12);
    const { low, high } = coverageOf(n, truth(1.8, 0.15) - truth(1.3, 0.15), () => {
      const { films, networks } = drawNetworks(random, 0.15);
      return seededAucDifference(networks(1.8), networks(1.3), films);
    });
    expect(high).toBeGreaterThan(0.93);
    expect(low).toBeLessThan(0.98);
  });
});

test.each([
  ['too few scores', [[0, 1]], [0, 1, 1], 'shape-mismatch'],
  ['a score that is no number', [[0, 1, Number.NaN]], [0, 1, 1], 'not-finite'],
  ['one class', [[0, 1, 2]], [1, 1, 1], 'too-few-samples'],
])('%s is refused', (_, networks, labels, code) => {
  const patients = labels.map((_label, i) => `p${i}`);
  expect(() => seededAuc([networks], { labels, patients })).toThrow(expect.objectContaining({ code }));
});
