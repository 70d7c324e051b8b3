import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import {
  delongInterval,
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
    const interval = delongInterval(scores, labels);
    expect(interval.auc).toBeCloseTo(reference.delong!.auc!, 14);
    expect(interval.variance).toBeCloseTo(reference.delong!.variance!, 14);
    const half = 1.959963984540054 * Math.sqrt(interval.variance);
    expect(interval.ciLow).toBeCloseTo(interval.auc - half, 12);
    expect(interval.ciHigh).toBeCloseTo(interval.auc + half, 12);
    expect([interval.nPositive, interval.nNegative]).toEqual([40, 80]);
  });

  it('has Obuchowski’s variance when images are grouped by patient', () => {
    const { scores, labels, groups } = referenceSample();
    expect(delongInterval(scores, labels, groups).variance).toBeCloseTo(
      reference.delongClustered!.variance!,
      14,
    );
  });

  it('has a wider interval when every image is there twice than when those are new patients', () => {
    const { scores, labels } = referenceSample();
    const twice = [...scores, ...scores];
    const labelsTwice = [...labels, ...labels];
    const names = [...scores.keys(), ...scores.keys()].map(String);
    const grouped = delongInterval(twice, labelsTwice, names).variance;
    expect(grouped).toBeCloseTo(delongInterval(scores, labels, names.slice(0, 120)).variance, 14);
    expect(grouped).toBeGreaterThan(1.9 * delongInterval(twice, labelsTwice).variance);
  });

  it('has an interval when the two classes of each patient cancel', () => {
    for (let patients = 3; patients < 60; patients++) {
      const rows = Array.from({ length: 2 * patients }, (_, row) => row);
      const ofPatient = rows.map((row) => Math.floor(row / 2)); // a positive and a negative film with one score
      const labels = rows.map((row) => row % 2);
      const { auc, ciLow, ciHigh, variance } = delongInterval(ofPatient, labels, ofPatient.map(String));
      expect(variance).toBeGreaterThanOrEqual(0);
      expect([auc, ciLow, ciHigh]).toEqual(Array(3).fill(expect.closeTo(0.5, 6)));
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
    const exact = delongInterval(scores, labels);
    for (const key of ['auc', 'variance', 'ciLow', 'ciHigh'] as const)
      expect(binned[key]).toBeCloseTo(exact[key], 12);
    expect(tieLow).toBeLessThan(exact.auc);
    expect(tieHigh).toBeGreaterThan(exact.auc);
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
    expect(studentQuantile(0.975, 19) / reference.student!.q975df19!).toBeCloseTo(1, 4);
    expect(studentQuantile(0.975, 5) / reference.student!.q975df5!).toBeCloseTo(1, 3);
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
