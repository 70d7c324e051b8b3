import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import {
  aucInterval,
  histogramAuc,
  MetricError,
  normalCumulative,
  normalQuantile,
  rocAuc,
  studentQuantile,
  wilsonInterval,
} from './index.ts';
import { referenceValues } from './reference-sets.ts';

const reference = referenceValues() as Record<string, Record<string, number>>;

/** The sample that reference/values.py scored: whole scores with many ties, four images a patient. */
function referenceSample() {
  const random = seededRandom(9);
  const rows = Array.from({ length: 120 }, (_, row) => row);
  return {
    scores: rows.map((row) => Math.floor(random() * 40) + (row % 3 === 0 ? 6 : 0)),
    labels: rows.map((row) => (row % 3 === 0 ? 1 : 0)),
    groups: rows.map((row) => String(Math.floor(row / 4))),
  };
}

describe('AUC', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    expect(rocAuc([3, 1, 2, 2], [1, 0, 1, 0])).toBe(0.875); // 3>1, 3>2, 2>1 and one tie of four pairs
    expect(rocAuc([1, 2, 3, 4], [0, 0, 1, 1])).toBe(1);
    expect(rocAuc([1, 2, 3, 4], [true, true, false, false])).toBe(0);
    expect(rocAuc([5, 5, 5, 5], [0, 1, 0, 1])).toBe(0.5);
  });

  it('has DeLong’s variance, as a double loop over all pairs computes it', () => {
    const { scores, labels } = referenceSample();
    const interval = aucInterval(scores, labels);
    expect(interval.auc).toBeCloseTo(reference.delong!.auc!, 14);
    expect(interval.variance).toBeCloseTo(reference.delong!.variance!, 14);
    expect([interval.nPositive, interval.nNegative]).toEqual([40, 80]);
  });

  it('has an interval with width, however well the classes are apart', () => {
    const { ciLow, ciHigh, variance } = aucInterval([1, 2, 3, 4, 5], [0, 0, 0, 1, 1]);
    expect([variance, ciHigh]).toEqual([0, 1]);
    expect(ciLow).toBeLessThan(0.6);
  });

  it('tells the patients of each class, and by how much fewer they are worth than their films', () => {
    const { scores, labels, groups } = referenceSample();
    const { independent, clustered } = {
      independent: reference.delong!.variance!,
      clustered: reference.delongClustered!.variance!,
    };
    const interval = aucInterval(scores, labels, groups);
    expect(interval.designEffect).toBeCloseTo(Math.max(1, clustered / independent), 12);
    expect([interval.patientsPositive, interval.patientsNegative]).toEqual([30, 30]);
    const doubled = (values: (number | string)[]) => [...values, ...values];
    const names = scores.map((_, row) => String(row));
    const twice = aucInterval(
      doubled(scores) as number[],
      doubled(labels) as number[],
      doubled(names) as string[],
    );
    expect(twice.designEffect).toBeGreaterThan(1.9);
    const apart = aucInterval([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1], ['a', 'a', 'b', 'c', 'c', 'd']);
    expect(apart.designEffect).toBeCloseTo((4 + 1 + 4 + 1) / 6, 12); // no variance: as if a patient's films were one
  });

  it('has Obuchowski’s variance when images are grouped by patient', () => {
    const { scores, labels, groups } = referenceSample();
    expect(aucInterval(scores, labels, groups).variance).toBeCloseTo(
      reference.delongClustered!.variance!,
      14,
    );
  });

  it('has a wider interval when every image is there twice than when those are new patients', () => {
    const { scores, labels } = referenceSample();
    const twice = [...scores, ...scores];
    const labelsTwice = [...labels, ...labels];
    const names = [...scores.keys(), ...scores.keys()].map(String);
    const grouped = aucInterval(twice, labelsTwice, names).variance;
    expect(grouped).toBeCloseTo(aucInterval(scores, labels, names.slice(0, 120)).variance, 14);
    expect(grouped).toBeGreaterThan(1.9 * aucInterval(twice, labelsTwice).variance);
  });

  it('has an interval when the two classes of each patient cancel', () => {
    for (let patients = 3; patients < 60; patients++) {
      const rows = Array.from({ length: 2 * patients }, (_, row) => row);
      const ofPatient = rows.map((row) => Math.floor(row / 2)); // a positive and a negative film with one score
      const labels = rows.map((row) => row % 2);
      const { auc, ciLow, ciHigh, variance } = aucInterval(ofPatient, labels, ofPatient.map(String));
      expect(variance).toBeCloseTo(0, 12);
      expect(auc).toBeCloseTo(0.5, 12);
      expect(ciHigh - ciLow).toBeGreaterThan(0.5 / Math.sqrt(patients)); // no narrower than that of single films
    }
  });

  it('is refused with a code for one class, NaN or unequal lengths', () => {
    expect(codeOf(() => rocAuc([1, 2, 3], [1, 1, 0]))).toBe('too-few-samples');
    expect(codeOf(() => rocAuc([1, Number.NaN, 3, 4], [1, 0, 1, 0]))).toBe('not-finite');
    expect(codeOf(() => rocAuc([1, 2, 3], [1, 0]))).toBe('shape-mismatch');
  });
});

describe('AUC from histograms', () => {
  const { scores, labels } = referenceSample();
  const histogram = (label: number, width: number) => {
    const bins = new Array<number>(46).fill(0);
    scores.forEach((score, row) => {
      if (labels[row] === label) bins[Math.floor(score / width)]! += 1;
    });
    return bins;
  };

  it('equals the AUC, variance and interval of the scores when a bin holds one score', () => {
    const { tieLow, tieHigh, ...binned } = histogramAuc(histogram(1, 1), histogram(0, 1));
    const exact = aucInterval(scores, labels);
    for (const key of ['auc', 'variance', 'ciLow', 'ciHigh'] as const)
      expect(binned[key]).toBeCloseTo(exact[key], 12);
    expect(tieLow).toBeLessThan(exact.auc);
    expect(tieHigh).toBeGreaterThan(exact.auc);
  });

  it('has the interval of the scores when it is told their design effect', () => {
    const { groups } = referenceSample();
    const exact = aucInterval(scores, labels, groups);
    const told = histogramAuc(histogram(1, 1), histogram(0, 1), { designEffect: 1.7 });
    const untold = histogramAuc(histogram(1, 1), histogram(0, 1));
    expect(told.ciLow).toBeLessThan(untold.ciLow);
    expect(told.variance).toBeCloseTo(1.7 * untold.variance, 12);
    const same = histogramAuc(histogram(1, 1), histogram(0, 1), { designEffect: exact.designEffect });
    expect([same.ciLow, same.ciHigh]).toEqual([
      expect.closeTo(exact.ciLow, 12),
      expect.closeTo(exact.ciHigh, 12),
    ]);
  });

  it('bounds the AUC of the scores when bins are coarse', () => {
    const coarse = histogramAuc(histogram(1, 5), histogram(0, 5));
    const exact = rocAuc(scores, labels);
    expect(coarse.tieLow).toBeLessThanOrEqual(exact);
    expect(coarse.tieHigh).toBeGreaterThanOrEqual(exact);
  });

  it('of two sites is computed on the sum of their histograms', () => {
    const summed = (a: number[], b: number[]) => a.map((count, bin) => count + b[bin]!);
    const pooled = histogramAuc(summed([0, 2, 3], [1, 0, 4]), summed([5, 1, 0], [3, 2, 1]));
    expect(pooled.auc).toBeCloseTo((1 * 4 + 2 * (8 + 1.5) + 7 * (11 + 0.5)) / 120, 14); // by hand: 10 × 12 pairs
    expect([pooled.nPositive, pooled.nNegative]).toEqual([10, 12]);
  });

  it('is refused with a code for different bins, fractions or an empty class', () => {
    expect(codeOf(() => histogramAuc([1, 2], [1, 2, 3]))).toBe('shape-mismatch');
    expect(codeOf(() => histogramAuc([1, 2.5], [1, 2]))).toBe('not-finite');
    expect(codeOf(() => histogramAuc([1, -1], [1, 2]))).toBe('not-finite');
    expect(codeOf(() => histogramAuc([1, 0], [1, 2]))).toBe('too-few-samples');
  });
});

describe('distributions', () => {
  it('match scipy', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(reference.normal!.q975!, 12);
    expect(normalQuantile(0.999)).toBeCloseTo(reference.normal!.q999!, 12);
    expect(normalCumulative(1)).toBeCloseTo(reference.normal!.c1!, 14);
    expect(normalCumulative(-3)).toBeCloseTo(reference.normal!.cm3!, 14);
    expect(studentQuantile(0.975, 19) / reference.student!.q975df19!).toBeCloseTo(1, 5);
    expect(studentQuantile(0.975, 5) / reference.student!.q975df5!).toBeCloseTo(1, 5);
    expect(studentQuantile(0.975, 1.3) / reference.student!.q975df13!).toBeCloseTo(1, 4); // 1.3 of them
    expect(studentQuantile(0.975, 500) / reference.student!.q975df500!).toBeCloseTo(1, 6);
  });

  it('give Student’s published quantiles for few degrees of freedom', () => {
    for (const [probability, freedom, published] of [
      [0.975, 1, 12.7062],
      [0.95, 1, 6.3138],
      [0.975, 2, 4.3027],
      [0.95, 2, 2.92],
      [0.975, 3, 3.1824],
    ] as const)
      expect(studentQuantile(probability, freedom) / published).toBeCloseTo(1, 2);
  });

  it('give Wilson’s published interval, and width at zero and at all', () => {
    const { ciLow, ciHigh } = wilsonInterval(81, 263); // Newcombe 1998, method 3: .2553 to .3662
    expect(ciLow).toBeCloseTo(0.2553, 4);
    expect(ciHigh).toBeCloseTo(0.3662, 4);
    expect(wilsonInterval(0, 20)).toEqual({ ciLow: 0, ciHigh: expect.closeTo(0.1611, 4) });
    expect(wilsonInterval(20, 20)).toEqual({ ciLow: expect.closeTo(0.8389, 4), ciHigh: 1 });
    expect(codeOf(() => wilsonInterval(3, 2))).toBe('bad-option');
    expect(codeOf(() => normalQuantile(1))).toBe('bad-option');
  });
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof MetricError) return error.code;
    throw error;
  }
}
