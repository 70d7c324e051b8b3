import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import {
  calibrateCopyShare,
  chanceOfAny,
  copyShare,
  featureSignal,
  type Rows,
  toPixelRows,
} from './copy-share.ts';

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

describe('calibrateCopyShare', () => {
  const strangers = Array.from({ length: 120 }, (_, i) => `patient-${i}`);
  const apart = (rows: Rows): Rows => ({ ...rows, data: rows.data.map((value) => value * 1.5) });

  it('is near a half for a generator that copies nothing, however untypical validation is', () => {
    const [synthetic, train, validation] = [noise(600, 1), noise(120, 2), apart(noise(30, 3))];
    expect(copyShare(synthetic, train, validation)).toBeGreaterThan(0.8);
    expect(Math.abs(calibrateCopyShare(train, validation, strangers)(synthetic) - 0.5)).toBeLessThan(0.06);
  });

  it('rises when a part of the images are copies', () => {
    const [train, validation] = [noise(120, 2), noise(120, 3)];
    const half = {
      ...noise(120, 1),
      data: noise(120, 1).data.map((value, i) => (i % 32 < 16 ? train.data[i]! : value)),
    };
    expect(calibrateCopyShare(train, validation, strangers)(half)).toBeGreaterThan(0.65);
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
      calibrateCopyShare(train, validation, keys)(noise(600, 1)),
    );
    expect(Math.abs(one! - 0.5)).toBeLessThan(0.08);
    expect(each).toBeLessThan(one! - 0.1);
  });
});

describe('featureSignal', () => {
  const COLUMNS = 64;
  const patients = Array.from({ length: 60 }, (_, i) => `patient-${i}`);
  /** Normal noise of deviation `scale` about `offset` in every feature: an error that all images of a generator share. */
  function drawn(rows: number, seed: number, { scale = 1, offset = 0 } = {}): Rows {
    const random = seededRandom(seed);
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * scale + offset;
    return { data: Float32Array.from({ length: rows * COLUMNS }, normal), rows, columns: COLUMNS };
  }
  /** Root mean square of the shares' distance from a half. */
  const errorOf = (shares: number[]) =>
    Math.sqrt(shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length);
  const young = (seed: number) => drawn(120, seed, { scale: 0.7, offset: 1.5 });

  it('is not decided by the few films that lie on the side of the generator’s error', () => {
    const shares = [calibrateCopyShare, featureSignal].map((signal) =>
      Array.from({ length: 24 }, (_, i) => {
        const [train, validation] = [drawn(60, 3 * i + 1), drawn(60, 3 * i + 2)];
        return signal(train, validation, patients)(young(3 * i + 3));
      }),
    );
    const [plain, byFeatures] = shares.map(errorOf);
    expect(plain).toBeGreaterThan(0.2);
    expect(byFeatures).toBeLessThan(plain! / 2);
  });

  it('sees copies under an error that all images share', () => {
    const [train, validation] = [drawn(60, 2), drawn(60, 3)];
    const images = young(4);
    for (let at = 0; at < images.data.length / 2; at++)
      images.data[at] = train.data[at % (60 * COLUMNS)]! + 1.5;
    expect(featureSignal(train, validation, patients)(images)).toBeGreaterThan(0.65);
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
