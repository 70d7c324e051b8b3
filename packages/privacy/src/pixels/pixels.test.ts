import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { pixelEmbedding } from './pixel-embedding.ts';
import { blur, highPass, workingPlane } from './plane.ts';

const random = seededRandom(1);
const size = 32;
const values = Float32Array.from({ length: size * size }, () => 255 * random());
const plane = { values, size };

function furthest(left: ArrayLike<number>, right: ArrayLike<number>): number {
  return Array.from(left).reduce((far, value, at) => Math.max(far, Math.abs(value - right[at]!)), 0);
}

describe('a working plane', () => {
  it('is the film itself up to 127 pixels, and the mean of whole cells above', () => {
    const small = Uint8Array.from({ length: 2 * 9 }, (_, at) => at);
    expect([...workingPlane(small, 3, 1).values]).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17]);
    const large = new Uint8Array(128 * 128);
    large.set([40, 80], 0);
    large.set([120, 0], 128);
    const plane64 = workingPlane(large, 128, 0);
    expect(plane64.size).toBe(64);
    expect(plane64.values[0]).toBe(60);
  });
});

describe('filters', () => {
  it('leave a flat image flat and take all of it in a high pass', () => {
    const flat = { values: new Float32Array(size * size).fill(90), size };
    expect(furthest(blur(flat, 2).values, flat.values)).toBeLessThan(1e-3);
    expect(furthest(highPass(flat, 2).values, new Float32Array(size * size))).toBeLessThan(1e-3);
  });

  it('embed an image and a brighter print of it alike, and its mirror image otherwise', () => {
    const print = { values: values.map((value) => 20 + 0.5 * value), size };
    const [first, second] = [pixelEmbedding([plane]).data, pixelEmbedding([print]).data];
    expect(furthest(first, second)).toBeLessThan(1e-4);
    const mirror = { values: values.map((_, at) => values[at - 2 * (at % size) + size - 1]!), size };
    expect(furthest(pixelEmbedding([mirror]).data, first)).toBeGreaterThan(0.05);
  });
});
