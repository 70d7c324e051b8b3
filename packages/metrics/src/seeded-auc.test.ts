import { seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, test } from 'vitest';
import { delongInterval, rocAuc } from './roc-auc.ts';
import { seededAuc, seededAucDifference } from './seeded-auc.ts';

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
    const { value } = seededAuc([[perfect, tied]], { labels, patients }, { seed: 1 });
    expect(value).toBe((1 + 0.5) / 2);
  });

  test('with one network its interval is close to DeLong’s', () => {
    const films = drawFilms(400, 1, 3);
    const ours = seededAuc([[films.scores]], films, { seed: 1 });
    const delong = delongInterval(films.scores, films.labels);
    expect(ours.value).toBeCloseTo(rocAuc(films.scores, films.labels), 12);
    expect(ours.ciLow).toBeCloseTo(delong.ciLow, 2);
    expect(ours.ciHigh).toBeCloseTo(delong.ciHigh, 2);
  });

  test('networks that disagree widen the interval', () => {
    const films = drawFilms(400, 1, 3);
    const blind = drawFilms(400, 0, 4).scores;
    const width = ({ ciLow, ciHigh }: { ciLow: number; ciHigh: number }) => ciHigh - ciLow;
    const alike = seededAuc([[films.scores], [films.scores]], films, { seed: 1 });
    const apart = seededAuc([[films.scores], [blind]], films, { seed: 1 });
    expect(width(apart)).toBeGreaterThan(2 * width(alike));
  });

  test('patients with many films widen it: their films aren’t independent', () => {
    const films = drawFilms(400, 1, 3);
    const ten = films.patients.map((_, i) => `p${Math.floor(i / 10)}`);
    const copies = films.scores.map((_, i) => films.scores[10 * Math.floor(i / 10) + (i % 2)]!);
    const width = (patients: string[]) => {
      const { ciLow, ciHigh } = seededAuc([[copies]], { labels: films.labels, patients }, { seed: 1 });
      return ciHigh - ciLow;
    };
    expect(width(ten)).toBeGreaterThan(2 * width(films.patients));
  });
});

describe('seededAucDifference', () => {
  test('pairs patients: the difference of a network to itself is exactly 0', () => {
    const films = drawFilms(60, 1, 5);
    const { value, ciLow, ciHigh } = seededAucDifference([[films.scores]], [[films.scores]], films, {
      seed: 1,
    });
    expect([value, ciLow, ciHigh]).toEqual([0, 0, 0]);
  });

  test('excludes 0 when one network is blind', () => {
    const films = drawFilms(200, 2, 5);
    const blind = drawFilms(200, 0, 6).scores;
    expect(seededAucDifference([[films.scores]], [[blind]], films, { seed: 1 }).ciLow).toBeGreaterThan(0.2);
  });
});

test.each([
  ['too few scores', [[0, 1]], [0, 1, 1], 'shape-mismatch'],
  ['a score that is no number', [[0, 1, Number.NaN]], [0, 1, 1], 'not-finite'],
  ['one class', [[0, 1, 2]], [1, 1, 1], 'too-few-samples'],
])('%s is refused', (_, networks, labels, code) => {
  const patients = labels.map((_label, i) => `p${i}`);
  expect(() => seededAuc([networks], { labels, patients }, { seed: 1 })).toThrow(
    expect.objectContaining({ code }),
  );
});
