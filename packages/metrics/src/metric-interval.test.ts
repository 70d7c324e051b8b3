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
    expect(kernelInterval(real, fake, options)).toEqual(kernelInterval(real, fake, options));
    expect(frechetInterval(real, fake, options)).toEqual(frechetInterval(real, fake, options));
    expect(kernelInterval(real, fake, { ...options, seed: 6 })).not.toEqual(
      kernelInterval(real, fake, options),
    );
  });

  it('agree whether a Fréchet subset is scored from the shared product or from the start', () => {
    const narrow = referenceSet(1, 60, 59, 0); // one column under the row count takes the other way
    const narrowFake = referenceSet(2, 60, 59, 0.2);
    const widened = (set: Features) => widen(set, 61);
    const direct = frechetInterval(narrow, narrowFake, options);
    const shared = frechetInterval(widened(narrow), widened(narrowFake), options);
    expect(shared.value).toBeCloseTo(direct.value, 8);
    expect(shared.standardError).toBeCloseTo(direct.standardError, 8);
  });

  it('need a group per real row and two patients', () => {
    const score = (realGroups: string[]) => () => kernelInterval(real, fake, { realGroups, seed: 1 });
    expect(score(alone.slice(1))).toThrow(/59 group names for 60 rows/);
    expect(score(alone.map(() => 'one'))).toThrow(/two patients/);
  });
});

/** The same rows with columns of zeros after them: no score changes. */
function widen(set: Features, columns: number): Features {
  const data = new Float64Array(set.rows * columns);
  for (let row = 0; row < set.rows; row++) {
    data.set(set.data.subarray(row * set.columns, (row + 1) * set.columns), row * columns);
  }
  return { data, rows: set.rows, columns };
}

describe('intervals over repeated samples', () => {
  const repeats = 24;
  const groups = Array.from({ length: 60 }, (_, row) => String(row >> 1));
  const runs = Array.from({ length: repeats }, (_, run) => {
    const random = seededRandom(run);
    const pair = [clusteredSample(random, 0), clusteredSample(random, 0.5)] as const;
    const both = { realGroups: groups, fakeGroups: groups, seed: run };
    return {
      fid: frechetInterval(...pair, both),
      kid: kernelInterval(...pair, { ...both, repeats: 200 }),
      precision: manifoldIntervals(...pair, both).precision,
    };
  });

  it.each(['fid', 'kid', 'precision'] as const)(
    '%s: hold the long-run mean at least 9 times in 10',
    (name) => {
      const intervals = runs.map((run) => run[name]);
      const mean = meanOf(intervals.map(({ value }) => value));
      const holding = intervals.filter(({ ciLow, ciHigh }) => ciLow <= mean && mean <= ciHigh).length;
      expect(holding / repeats).toBeGreaterThanOrEqual(0.9);
    },
  );

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

/** 30 patients with two similar images each, columns of falling scale. */
function clusteredSample(random: () => number, shift: number): Features {
  const columns = 70;
  const data = new Float64Array(60 * columns);
  for (let row = 0; row < 60; row += 2) {
    for (let column = 0; column < columns; column++) {
      const patient = 0.8 * seededNormal(random);
      for (const film of [row, row + 1]) {
        const value = (patient + 0.6 * seededNormal(random)) * (3 / Math.sqrt(column + 1));
        data[film * columns + column] = value + (column < 5 ? shift : 0);
      }
    }
  }
  return { data, rows: 60, columns };
}

function meanOf(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(intervals: MetricInterval[]): number {
  const mean = meanOf(intervals.map(({ value }) => value));
  const squares = intervals.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (intervals.length - 1));
}
