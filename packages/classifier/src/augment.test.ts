import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { type Augmentation, augmentInto } from './augment.ts';
import { drawCurves } from './curves.fixture.ts';
import { DEFAULT_RECIPE } from './recipe.ts';

const still: Augmentation = {
  rotation: 0,
  shift: 0,
  scale: 0,
  stretch: 0,
  gamma: 0,
  noise: 0,
  mirror: false,
};
const image = drawCurves(2, 16, 1).images.subarray(256);
const vary = (strength: Augmentation, seed = 1) => {
  const out = new Float32Array(256);
  augmentInto(out, 0, image, 16, { random: seededRandom(seed), strength });
  return out;
};

describe('augmentation', () => {
  it('of strength zero only moves the range to [−1, 1]', () => {
    vary(still).forEach((value, i) => {
      expect(value).toBeCloseTo(image[i]! / 127.5 - 1, 5);
    });
  });

  it('mirrors half of the showings, exactly', () => {
    const shown = Array.from({ length: 40 }, (_, seed) => vary({ ...still, mirror: true }, seed));
    const plain = vary(still);
    const flipped = shown.filter(
      (s) => Math.abs(s[5]! - plain[5]!) > 1e-5 || Math.abs(s[0]! - plain[0]!) > 1e-5,
    );
    expect(flipped.length).toBeGreaterThan(8);
    expect(flipped.length).toBeLessThan(32);
    for (const s of flipped) expect(s[3]).toBeCloseTo(plain[12]!, 5);
  });

  it('is the same for the same seed, and stays near [−1, 1]', () => {
    const { augmentation } = DEFAULT_RECIPE;
    expect(vary(augmentation, 3)).toEqual(vary(augmentation, 3));
    expect(vary(augmentation, 3)).not.toEqual(vary(augmentation, 4));
    for (let seed = 0; seed < 50; seed++)
      expect(Math.max(...vary(augmentation, seed).map(Math.abs))).toBeLessThan(1.2);
  });

  it('shifts an image by the share of its side that was drawn', () => {
    const shifted = vary({ ...still, shift: 0.1 }, 2);
    const middle = (row: Float32Array) => {
      const bright = row.map((v) => Math.max(0, v));
      return bright.reduce((sum, v, x) => sum + v * x, 0) / bright.reduce((sum, v) => sum + v, 0);
    };
    expect(middle(shifted.subarray(112, 128))).not.toBeCloseTo(middle(vary(still).subarray(112, 128)), 1);
  });
});
