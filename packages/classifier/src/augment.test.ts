import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { type Augmentation, augmentInto } from './augment.ts';
import { drawCurves } from './curves.fixture.ts';
import { DEFAULT_RECIPE, RECIPES } from './recipe.ts';

const warp = { draw: 'normal' as const, rotation: 0, shift: 0, scale: 0, stretch: 0 };
const still: Augmentation = { warp, gamma: 0, noise: 0, mirror: 0 };
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

  it.each([
    [0, 0, 0],
    [0.3, 45, 75],
    [1, 200, 200],
  ])('mirrors a share of %d of the showings, exactly', (mirror, least, most) => {
    const plain = vary(still);
    const shown = Array.from({ length: 200 }, (_, seed) => vary({ ...still, mirror }, seed));
    const isPlain = (s: Float32Array) => s.every((value, i) => Math.abs(value - plain[i]!) < 1e-5);
    const flipped = shown.filter((s) => !isPlain(s));
    expect(flipped.length).toBeGreaterThanOrEqual(least);
    expect(flipped.length).toBeLessThanOrEqual(most);
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
    const shifted = vary({ ...still, warp: { ...warp, shift: 0.1 } }, 2);
    const middle = (row: Float32Array) => {
      const bright = row.map((v) => Math.max(0, v));
      return bright.reduce((sum, v, x) => sum + v * x, 0) / bright.reduce((sum, v) => sum + v, 0);
    };
    expect(middle(shifted.subarray(112, 128))).not.toBeCloseTo(middle(vary(still).subarray(112, 128)), 1);
  });
});

describe('the paper’s augmentation', () => {
  const { augmentation } = RECIPES.paper;
  /** Column and row of the source in each pixel, from two images that hold them. */
  const whereFrom = (seed: number) => {
    const ramp = (of: (x: number, y: number) => number) => {
      const out = new Float32Array(64 ** 2);
      const source = Uint8Array.from(out, (_, i) => 4 * of(i % 64, Math.floor(i / 64)));
      augmentInto(out, 0, source, 64, { random: seededRandom(seed), strength: augmentation });
      return out.map((v) => ((v + 1) * 127.5) / 4);
    };
    return { column: ramp((x) => x), row: ramp((_, y) => y) };
  };

  it('turns by at most 5° and shows a square of 80 to 100 % of the area, from inside the image', () => {
    const drawn = Array.from({ length: 300 }, (_, seed) => {
      const { column, row } = whereFrom(seed);
      const at = 31 * 64 + 31; // a step across in the middle, where no edge is near
      const [dx, dy] = [column[at + 1]! - column[at]!, row[at + 1]! - row[at]!];
      const middle = [column, row].map(
        (ramp) => [0, 1, 64, 65].reduce((sum, k) => sum + ramp[at + k]!, 0) / 4,
      );
      return { angle: (Math.atan2(-dy, dx) * 180) / Math.PI, area: dx ** 2 + dy ** 2, middle };
    });
    const spread = (values: number[]) => [Math.min(...values), Math.max(...values)] as const;
    const [least, most] = spread(drawn.map(({ angle }) => angle));
    expect(least).toBeGreaterThan(-5.1);
    expect(least).toBeLessThan(-4.5);
    expect(most).toBeLessThan(5.1);
    expect(most).toBeGreaterThan(4.5);
    const [small, large] = spread(drawn.map(({ area }) => area));
    expect(small).toBeGreaterThan(0.79);
    expect(small).toBeLessThan(0.82);
    expect(large).toBeLessThan(1.01);
    expect(large).toBeGreaterThan(0.98);
    const room = ((1 - Math.sqrt(0.8)) / 2) * 64 * 1.09; // turned by 5° it reaches a little farther along an axis
    for (const { middle } of drawn)
      for (const m of middle) expect(Math.abs(m - 31.5)).toBeLessThan(room + 0.1);
  });

  it('varies each image of a batch on its own', () => {
    const random = seededRandom(1);
    const shown = Array.from({ length: 4 }, () => {
      const out = new Float32Array(256);
      augmentInto(out, 0, image, 16, { random, strength: augmentation });
      return out.join();
    });
    expect(new Set(shown).size).toBe(4);
  });
});
