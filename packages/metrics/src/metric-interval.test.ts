import { seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import {
  type Features,
  frechetDistance,
  frechetInterval,
  kernelDistance,
  kernelInterval,
  type MetricInterval,
  manifoldIntervals,
  precisionRecall,
} from './index.ts';
import { referenceSet } from './reference-sets.ts';
import { coverageOf } from './simulated-films.ts';

const real = referenceSet(1, 60, 80, 0);
const fake = referenceSet(2, 60, 80, 0.2);
const alone = Array.from({ length: 60 }, (_, row) => `patient-${row}`);
const options = { realGroups: alone, seed: 5 };

describe('intervals', () => {
  it('are around the score itself', () => {
    expect(frechetInterval(real, fake, options).value).toBeCloseTo(frechetDistance(real, fake), 10);
    expect(kernelInterval(real, fake, options).value).toBe(kernelDistance(real, fake));
    const { precision, recall } = manifoldIntervals(real, fake, options);
    expect({ precision: precision.value, recall: recall.value }).toEqual(precisionRecall(real, fake));
    for (const { value, ciLow, ciHigh } of [
      frechetInterval(real, fake, options),
      kernelInterval(real, fake, options),
    ]) {
      expect(ciLow).toBeLessThan(value);
      expect(ciHigh).toBeGreaterThan(value);
    }
  });

  it('come out the same for the same seed, and differently for another', () => {
    expect(frechetInterval(real, fake, options)).toEqual(frechetInterval(real, fake, options));
    expect(frechetInterval(real, fake, { ...options, seed: 6 })).not.toEqual(
      frechetInterval(real, fake, options),
    );
  });

  it('of shares have width where every image is inside and where none is', () => {
    const far = { ...fake, data: fake.data.map((value) => value + 100) };
    for (const [set, value] of [
      [real, 1],
      [far, 0],
    ] as const) {
      const { precision, recall, coverage } = manifoldIntervals(real, set, options);
      for (const score of [precision, recall, coverage]) {
        expect(score.value).toBe(value);
        expect(score.ciHigh - score.ciLow).toBeGreaterThan(0.05);
        expect(score.ciHigh - score.ciLow).toBeLessThan(0.2); // of 60 images
      }
    }
  });

  it('of a kernel distance are wider above than below, as its variance grows with it', () => {
    const { value, ciLow, ciHigh } = kernelInterval(real, referenceSet(2, 60, 80, 0.6), options);
    expect(ciHigh - value).toBeGreaterThan(value - ciLow);
    const same = kernelInterval(real, referenceSet(3, 60, 80, 0), options);
    expect(same.ciLow).toBeLessThan(0);
    expect(same.ciHigh).toBeGreaterThan(0);
  });

  it('need a group per real row and two patients', () => {
    const score = (realGroups: string[]) => () => kernelInterval(real, fake, { realGroups, seed: 1 });
    expect(score(alone.slice(1))).toThrow(/59 group names for 60 rows/);
    expect(score(alone.map(() => 'one'))).toThrow(/two patients/);
  });
});

describe('intervals over repeated samples', () => {
  const repeats = 24;
  const groups = Array.from({ length: 60 }, (_, row) => String(row >> 1));
  const runs = Array.from({ length: repeats }, (_, run) => {
    const random = seededRandom(run);
    const pair = [clusteredSample(random, 0), clusteredSample(random, 0.5)] as const;
    const both = { realGroups: groups, fakeGroups: groups, seed: run };
    return {
      fid: frechetInterval(...pair, both),
      kid: kernelInterval(...pair, both),
      precision: manifoldIntervals(...pair, both).precision,
    };
  });

  it('kid: hold the long-run mean 93 to 98 times in 100, for equal sets and for others', () => {
    for (const shift of [0, 0.5]) {
      const random = seededRandom(70 + shift);
      const intervals = Array.from({ length: 200 }, () =>
        kernelInterval(clusteredSample(random, 0, 30), clusteredSample(random, shift, 30), {
          realGroups: groups.slice(0, 30),
          fakeGroups: groups.slice(0, 30),
          seed: 1,
        }),
      );
      const mean = meanOf(intervals.map(({ value }) => value));
      let at = 0;
      const { low, high } = coverageOf(intervals.length, mean, () => intervals[at++]!);
      expect(high).toBeGreaterThan(0.93);
      expect(low).toBeLessThan(0.98);
    }
  });

  it.each(['fid', 'precision'] as const)('%s: hold the long-run mean at least 9 times in 10', (name) => {
    const intervals = runs.map((run) => run[name]);
    const mean = meanOf(intervals.map(({ value }) => value));
    const holding = intervals.filter(({ ciLow, ciHigh }) => ciLow <= mean && mean <= ciHigh).length;
    expect(holding / repeats).toBeGreaterThanOrEqual(0.9);
  });

  it.each(['fid', 'kid', 'precision'] as const)(
    '%s: have the width of the true spread, at most twice',
    (name) => {
      const intervals = runs.map((run) => run[name]);
      const ratio = meanOf(intervals.map(({ standardError }) => standardError)) / spreadOf(intervals);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(2);
    },
  );
});

/** Patients with two similar images each, columns of falling scale. */
function clusteredSample(random: () => number, shift: number, rows = 60): Features {
  const columns = 70;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < columns; column++) {
      const patient = 0.8 * seededNormal(random);
      for (const film of [row, row + 1]) {
        const value = (patient + 0.6 * seededNormal(random)) * (3 / Math.sqrt(column + 1));
        data[film * columns + column] = value + (column < 5 ? shift : 0);
      }
    }
  }
  return { data, rows, columns };
}

function meanOf(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(intervals: MetricInterval[]): number {
  const mean = meanOf(intervals.map(({ value }) => value));
  const squares = intervals.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (intervals.length - 1));
}
