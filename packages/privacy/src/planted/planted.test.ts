import { seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { phantomFilms } from '../phantom-films.ts';
import { ALTERATIONS, alterationOf } from './alterations.ts';
import { compressBlocks } from './compress-blocks.ts';
import { correlationOf, pull } from './gray-image.ts';
import { powerByKind } from './measure-power.ts';
import { PLANTED_EACH, plantCopies } from './plant-copies.ts';

const size = 32;
const train = phantomFilms(40, 1);
const film = Float64Array.from(train.images.subarray(0, size * size));
const stranger = Float64Array.from(train.images.subarray(size * size, 2 * size * size));

function furthest(left: ArrayLike<number>, right: ArrayLike<number>): number {
  return Array.from(left).reduce((far, value, at) => Math.max(far, Math.abs(value - right[at]!)), 0);
}

describe('an alteration', () => {
  const all = ALTERATIONS.flatMap(({ kind, alter }) => alter.map((one, at) => [kind, at, one] as const));

  it.each(all)('%s, strength %i: changes the film, and undone gives it back', (kind, _, alter) => {
    const { image, undo } = alter(film, size, seededRandom(1), stranger);
    expect(image).toHaveLength(size * size);
    expect(image.every(Number.isFinite)).toBe(true);
    if (kind !== 'unchanged') expect(furthest(image, film)).toBeGreaterThan(2);
    expect(correlationOf(film, undo(image))).toBeGreaterThan(0.8);
    if (kind === 'unchanged' || kind === 'mirrored') expect(furthest(undo(image), film)).toBe(0);
  });

  it('is the same for the same seed, and another for another', () => {
    const [alter] = alterationOf('augmented').alter;
    const made = (seed: number) => alter!(film, size, seededRandom(seed), stranger).image;
    expect(made(1)).toEqual(made(1));
    expect(made(1)).not.toEqual(made(2));
  });

  it('by whole pixels moves each pixel as it is', () => {
    const moved = pull(film, size, (x, y) => [x - 2, y - 1], 'black');
    expect(moved[10 * size + 12]).toBe(film[9 * size + 10]);
    expect(moved[0]).toBe(0);
  });
});

describe('block compression', () => {
  const values = Float32Array.from(film);
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

describe('planted copies', () => {
  it('of each kind are as many, and an alteration that leaves nothing of the patient is told apart', () => {
    const { plants, ...images } = plantCopies(train, phantomFilms(20, 2), seededRandom(3));
    expect(plants.every(({ isRecognisable }) => isRecognisable)).toBe(true);
    const lost = plants.map((plant, row) => ({
      ...plant,
      isRecognisable: plant.kind !== 'noise' && row > 0,
    }));
    const power = powerByKind(
      { ...images, plants: lost },
      plants.map(({ kind }) => kind !== 'half'),
    );
    for (const { kind } of ALTERATIONS) {
      const of = power.filter((row) => row.kind === kind);
      expect(of.reduce((sum, row) => sum + row.planted, 0)).toBe(PLANTED_EACH);
    }
    expect(power.find(({ kind }) => kind === 'half')).toMatchObject({ found: 0, recognisable: true });
    expect(power.filter(({ kind }) => kind === 'noise')).toMatchObject([{ recognisable: false }]);
    const [kept, one] = power.filter(({ kind }) => kind === 'unchanged');
    expect(kept).toMatchObject({ planted: PLANTED_EACH - 1, recognisable: true });
    expect(one).toMatchObject({ strength: '; lost', planted: 1, recognisable: false });
  });
});
