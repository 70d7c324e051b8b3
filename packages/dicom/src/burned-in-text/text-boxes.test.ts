import { describe, expect, it } from 'vitest';
import { findBoxes } from './text-boxes.ts';

/** A map of 20 · 40 with a chance in some rectangles. */
function mapOf(...cores: { left: number; top: number; right: number; bottom: number; chance: number }[]) {
  const map = new Float32Array(20 * 40);
  for (const { left, top, right, bottom, chance } of cores)
    for (let row = top; row < bottom; row++) map.fill(chance, row * 40 + left, row * 40 + right);
  return map;
}

describe('findBoxes', () => {
  it('grows each core by 1.5 times its area over its perimeter', () => {
    const map = mapOf({ left: 8, top: 6, right: 20, bottom: 10, chance: 0.8 });
    const [box, ...others] = findBoxes(map, 20, 40); // 48 · 1.5 / 32 = 2.25
    expect(others).toEqual([]);
    expect(box).toMatchObject({ left: 5, top: 3, right: 23, bottom: 13 });
    expect(box!.score).toBeCloseTo(0.8, 5);
  });

  it('keeps cores apart, joins those that touch at a corner and never leaves the map', () => {
    const apart = mapOf(
      { left: 0, top: 0, right: 10, bottom: 4, chance: 0.9 },
      { left: 14, top: 0, right: 40, bottom: 4, chance: 0.5 },
    );
    expect(findBoxes(apart, 20, 40).map(({ left, right }) => [left, right])).toEqual([
      [0, 13],
      [11, 40],
    ]);
    const corner = mapOf(
      { left: 2, top: 2, right: 8, bottom: 6, chance: 0.9 },
      { left: 8, top: 6, right: 14, bottom: 10, chance: 0.9 },
    );
    expect(findBoxes(corner, 20, 40)).toHaveLength(1);
  });

  it('leaves out what is unlikely or thinner than three pixels', () => {
    expect(findBoxes(mapOf({ left: 2, top: 2, right: 30, bottom: 8, chance: 0.29 }), 20, 40)).toEqual([]);
    expect(findBoxes(mapOf({ left: 2, top: 2, right: 30, bottom: 4, chance: 0.9 }), 20, 40)).toEqual([]);
    expect(findBoxes(mapOf({ left: 2, top: 2, right: 30, bottom: 5, chance: 0.31 }), 20, 40)).toHaveLength(1);
  });
});
