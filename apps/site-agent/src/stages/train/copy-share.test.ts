import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { calibratedCopyShare, chanceOfAny, copyShare, type Rows, toPixelRows } from './copy-share.ts';

function noise(rows: number, seed: number): Rows {
  const random = seededRandom(seed);
  return { data: Float32Array.from({ length: rows * 16 }, () => random()), rows, columns: 16 };
}

describe('copyShare', () => {
  it('is near a half when training and validation are equally far, however unequal their sizes', () => {
    const share = copyShare(noise(600, 1), noise(120, 2), noise(30, 3));
    expect(Math.abs(share - 0.5)).toBeLessThan(0.06);
  });

  it('is the chance that the copied film is in a subset of validation’s size when everything is a copy', () => {
    const train = noise(120, 2);
    expect(copyShare(train, train, noise(30, 3))).toBeGreaterThan(0.25);
    expect(copyShare(noise(30, 3), train, noise(30, 3))).toBe(0);
    expect(copyShare(train, train, noise(120, 3))).toBe(1);
  });
});

describe('calibratedCopyShare', () => {
  const strangers = Array.from({ length: 120 }, (_, i) => `patient-${i}`);
  const apart = (rows: Rows): Rows => ({ ...rows, data: rows.data.map((value) => value * 1.5) });

  it('is near a half for a generator that copies nothing, however untypical validation is', () => {
    const [synthetic, train, validation] = [noise(600, 1), noise(120, 2), apart(noise(30, 3))];
    expect(copyShare(synthetic, train, validation)).toBeGreaterThan(0.8);
    expect(Math.abs(calibratedCopyShare(synthetic, train, validation, strangers) - 0.5)).toBeLessThan(0.06);
  });

  it('rises when a part of the images are copies', () => {
    const [train, validation] = [noise(120, 2), noise(120, 3)];
    const half = {
      ...noise(120, 1),
      data: noise(120, 1).data.map((value, i) => (i % 32 < 16 ? train.data[i]! : value)),
    };
    expect(calibratedCopyShare(half, train, validation, strangers)).toBeGreaterThan(0.65);
  });

  it('leaves out the other films of the same patient, which lie near without any copying', () => {
    const twice = (rows: Rows): Rows => ({
      ...rows,
      rows: 2 * rows.rows,
      data: Float32Array.from([...rows.data, ...rows.data]),
    });
    const [train, validation] = [twice(noise(60, 2)), noise(30, 3)];
    const patients = Array.from({ length: 120 }, (_, i) => `patient-${i % 60}`);
    const [one, each] = [patients, strangers].map((keys) =>
      calibratedCopyShare(noise(600, 1), train, validation, keys),
    );
    expect(Math.abs(one! - 0.5)).toBeLessThan(0.08);
    expect(each).toBeLessThan(one! - 0.1);
  });
});

it('chanceOfAny agrees with counting', () => {
  expect(chanceOfAny(0, 10, 3)).toBe(0);
  expect(chanceOfAny(1, 10, 3)).toBeCloseTo(0.3, 12);
  expect(chanceOfAny(2, 10, 3)).toBeCloseTo(1 - (7 / 10) * (6 / 9), 12);
  expect(chanceOfAny(8, 10, 3)).toBe(1);
});

it('toPixelRows takes means over blocks', () => {
  const pixels = new Uint8Array(64 * 64).fill(255);
  pixels.fill(0, 0, 64); // half of the first row of blocks
  const { data, columns, rows } = toPixelRows(pixels, 64);
  expect([rows, columns]).toEqual([1, 1024]);
  expect([data[0], data[31], data[32]].map((value) => value!.toFixed(6))).toEqual([
    '0.500000',
    '0.500000',
    '1.000000',
  ]);
});
