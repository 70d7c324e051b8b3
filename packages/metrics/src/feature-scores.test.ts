import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Features } from './features.ts';
import {
  densityCoverage,
  frechetDistance,
  kernelDistance,
  MetricError,
  precisionRecall,
  selectRows,
} from './index.ts';
import { manifoldScores, neighbourDistances } from './manifold-scores.ts';
import { referencePairs, referenceSet, referenceValues } from './reference-sets.ts';

const inclusive3 = { k: 3, inclusive: true };
const strict5 = { k: 5, inclusive: false };

function expectRelative(actual: number, expected: number, tolerance = 1e-6) {
  expect(Math.abs(actual / expected - 1)).toBeLessThan(tolerance);
}

describe.each(referencePairs())('scores of the $name reference pair', ({ real, fake, expected }) => {
  it('match scipy: Fréchet and kernel distance to 1e-9 relative', () => {
    expectRelative(frechetDistance(real, fake), expected.fid, 1e-9);
    expectRelative(kernelDistance(real, fake), expected.kid, 1e-9);
  });

  it('match scipy: every manifold score exactly', () => {
    const distances = neighbourDistances(real, fake);
    expectScores(manifoldScores(distances, inclusive3), expected.inclusive3);
    expectScores(manifoldScores(distances, strict5), expected.strict5);
  });
});

/** Shares of whole counts: equal but for the last bit of a division. */
function expectScores(actual: Record<string, number>, expected: Record<string, number>) {
  for (const [name, value] of Object.entries(expected)) expect(actual[name]).toBeCloseTo(value, 14);
}

// Larger fixtures may lie beside the checkout; the tests above always run and cover the same claims.
const fixtures = new URL('../../../../shared/data/metric-fixtures/', import.meta.url);

describe.runIf(existsSync(fixtures))('scores of the fixtures beside the repository', () => {
  it.each(['small', 'rank-deficient', 'same'])(
    '%s: distances to 1e-6 relative, manifold scores exactly',
    (name) => {
      const expected = JSON.parse(readFileSync(new URL('expected.json', fixtures), 'utf8'))[name];
      const real = readFixture(`${name}.real.f32`, expected.n_real, expected.dim);
      const fake = readFixture(`${name}.fake.f32`, expected.n_fake, expected.dim);
      expectRelative(frechetDistance(real, fake), expected.fid);
      expectRelative(kernelDistance(real, fake), expected.kid_unbiased_full);
      const distances = neighbourDistances(real, fake);
      expectScores(manifoldScores(distances, inclusive3), expected.prdc_k3_le);
      expectScores(manifoldScores(distances, strict5), expected.prdc_k5_strict);
    },
  );
});

function readFixture(file: string, rows: number, columns: number): Features {
  const bytes = readFileSync(new URL(file, fixtures));
  return { data: new Float32Array(Uint8Array.from(bytes).buffer), rows, columns };
}

describe('exact copies among the fakes', () => {
  const { fid, ...expected } = referenceValues().copies as { fid: number } & Record<
    string,
    Record<string, number>
  >;
  const real = referenceSet(102, 90, 64, 0);
  const others = referenceSet(202, 60, 64, 0.1);
  const copied = selectRows(
    real,
    Array.from({ length: 30 }, (_, row) => row),
  );
  const fake = { data: Float64Array.from([...copied.data, ...others.data]), rows: 90, columns: 64 };

  it('meet the borders of balls exactly, where ≤ counts and < does not', () => {
    const distances = neighbourDistances(real, fake);
    expectScores(manifoldScores(distances, inclusive3), expected.inclusive3!);
    expectScores(manifoldScores(distances, strict5), expected.strict5!);
    const strict3 = manifoldScores(distances, { k: 3, inclusive: false });
    expect(strict3.density).toBeLessThan(manifoldScores(distances, inclusive3).density);
    expectRelative(frechetDistance(real, fake), fid);
  });

  it('are what the public scores of equal sets report', () => {
    expect(precisionRecall(real, fake).recall).toBeCloseTo(expected.inclusive3!.recall!, 14);
    expect(densityCoverage(real, fake).density).toBeCloseTo(expected.strict5!.density!, 14);
  });
});

describe('distances', () => {
  it('are zero between a set and itself, whatever the order of its rows', () => {
    const set = referenceSet(1, 40, 64, 0);
    const reversed = selectRows(
      set,
      Array.from({ length: 40 }, (_, row) => 39 - row),
    );
    expect(frechetDistance(set, reversed)).toBeLessThan(1e-10);
    expect(kernelDistance(set, reversed)).toBeLessThan(0); // unbiased: equal sets score below zero
  });

  it('are symmetric, and shift² per column for a shifted set', () => {
    const set = referenceSet(1, 40, 10, 0);
    const shifted = referenceSet(1, 40, 10, 0.5);
    expect(frechetDistance(set, shifted)).toBeCloseTo(10 * 0.25, 10);
    expect(frechetDistance(shifted, set)).toBeCloseTo(10 * 0.25, 10);
  });

  it('take float32 features as they come from a network', () => {
    const set = referenceSet(1, 30, 16, 0);
    const single = { ...set, data: Float32Array.from(set.data) };
    expectRelative(
      frechetDistance(single, referenceSet(2, 30, 16, 0)),
      frechetDistance(set, referenceSet(2, 30, 16, 0)),
      1e-5,
    );
  });
});

describe('input that can’t be scored', () => {
  const set = referenceSet(1, 12, 8, 0);
  const cases: [string, Features, Features, string][] = [
    ['different widths', set, referenceSet(2, 12, 9, 0), 'shape-mismatch'],
    ['a buffer of another size', set, { ...set, rows: 13 }, 'shape-mismatch'],
    ['one row', set, referenceSet(2, 1, 8, 0), 'too-few-samples'],
    [
      'NaN',
      set,
      { ...set, data: set.data.map((value, at) => (at === 5 ? Number.NaN : value)) },
      'not-finite',
    ],
  ];

  it.each(cases)('%s is refused with a code by every score', (_name, real, fake, code) => {
    for (const score of [frechetDistance, kernelDistance, neighbourDistances]) {
      expect(codeOf(() => score(real, fake))).toBe(code);
    }
  });

  it('unequal counts are refused by manifold scores, and equal ones are not', () => {
    const fewer = referenceSet(2, 11, 8, 0);
    expect(codeOf(() => precisionRecall(set, fewer))).toBe('unequal-counts');
    expect(codeOf(() => densityCoverage(set, fewer))).toBe('unequal-counts');
    expect(codeOf(() => precisionRecall(set, referenceSet(2, 12, 8, 0)))).toBe(undefined);
  });

  it('k neighbours need more than k images', () => {
    const four = referenceSet(1, 4, 8, 0);
    expect(codeOf(() => precisionRecall(four, four, { k: 4 }))).toBe('too-few-samples');
    expect(codeOf(() => precisionRecall(four, four, { k: 3 }))).toBe(undefined);
    expect(codeOf(() => precisionRecall(four, four, { k: 0 }))).toBe('bad-option');
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
