import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { alterFilm } from './alter-film.ts';
import { compressBlocks } from './compress-blocks.ts';
import { pixelEmbedding } from './pixel-embedding.ts';
import { blur, highPass, posed, workingPlane } from './plane.ts';

const random = seededRandom(1);
const size = 32;
const values = Float32Array.from({ length: size * size }, () => 255 * random());
const plane = { values, size };
const still = { dx: 0, dy: 0, degrees: 0, flip: false };

function furthest(left: ArrayLike<number>, right: ArrayLike<number>): number {
  return Array.from(left).reduce((far, value, at) => Math.max(far, Math.abs(value - right[at]!)), 0);
}

describe('a pose', () => {
  it('at rest changes nothing', () => {
    expect(furthest(posed(plane, still), values)).toBeLessThan(1e-3);
  });

  it('moves by whole pixels exactly, away from the border', () => {
    const moved = posed(plane, { ...still, dx: 2, dy: 1 });
    expect(moved[10 * size + 12]).toBeCloseTo(values[9 * size + 10]!, 4);
  });

  it('mirrors left and right, and twice is once again', () => {
    const mirrored = posed(plane, { ...still, flip: true });
    expect(mirrored[5 * size + 3]).toBeCloseTo(values[5 * size + 28]!, 4);
    expect(furthest(posed({ values: mirrored, size }, { ...still, flip: true }), values)).toBeLessThan(1e-3);
  });

  it('turns a quarter about the centre', () => {
    const turned = posed(plane, { ...still, degrees: 90 });
    const back = posed({ values: turned, size }, { ...still, degrees: -90 });
    expect(furthest(back, values)).toBeLessThan(1e-2);
    expect(furthest(turned, values)).toBeGreaterThan(50);
  });

  it('cuts a margin off', () => {
    const middle = posed(plane, still, 4);
    expect(middle).toHaveLength(24 * 24);
    expect(middle[0]).toBeCloseTo(values[4 * size + 4]!, 4);
  });
});

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
    const mirror = { values: posed(plane, { ...still, flip: true }), size };
    expect(furthest(pixelEmbedding([mirror], true).data, first)).toBeLessThan(1e-3);
    expect(furthest(pixelEmbedding([mirror]).data, first)).toBeGreaterThan(0.05);
  });
});

describe('block compression', () => {
  it('keeps a flat block, and nearly everything at quality 100', () => {
    const flat = new Float32Array(size * size).fill(128);
    expect(furthest(compressBlocks(flat, size, 75), flat)).toBeLessThan(1e-3);
    expect(furthest(compressBlocks(values, size, 100), values)).toBeLessThan(3);
  });

  it('loses more the lower the quality', () => {
    const loss = (quality: number) => furthest(compressBlocks(values, size, quality), values);
    expect(loss(90)).toBeLessThan(loss(60));
    expect(loss(60)).toBeLessThan(loss(20));
  });

  it('rounds a block’s mean to an eighth of the first quantiser step', () => {
    const image = new Float32Array(64).fill(131); // 3 above the middle: coefficient 24, steps of 16 at quality 50
    expect(compressBlocks(image, 8, 50)[0]).toBeCloseTo(128 + 32 / 8, 3);
  });
});

describe('an altered film', () => {
  it('differs from film and from seed to seed, and is the same for the same seed', () => {
    const film = Uint8Array.from(values);
    const first = alterFilm(film, size, seededRandom(1));
    expect(first).toEqual(alterFilm(film, size, seededRandom(1)));
    expect(first).not.toEqual(alterFilm(film, size, seededRandom(2)));
    expect(furthest(first, film)).toBeGreaterThan(20);
  });
});
