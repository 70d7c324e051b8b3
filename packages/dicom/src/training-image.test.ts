import { expect, it } from 'vitest';
import { toTrainingImage } from './training-image.ts';

/** 200 rows of 100 columns: the top half black, the bottom half white, the outer 10 columns gray. */
function tallFilm() {
  const [rows, columns] = [200, 100];
  const pixels = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const x = i % columns;
    if (x < 10 || x >= 90) return 128;
    return i < (rows * columns) / 2 ? 0 : 255;
  });
  return { rows, columns, pixels };
}

const at = (image: Uint8Array, size: number, x: number, y: number) => image[y * size + x]!;

it('a training image has one byte a pixel', async () => {
  for (const fit of ['centre-square', 'letterbox', 'squeeze'] as const) {
    expect(await toTrainingImage(tallFilm(), { size: 32, fit })).toHaveLength(32 * 32);
  }
});

it('squeezing keeps the whole film', async () => {
  const image = await toTrainingImage(tallFilm(), { size: 40, fit: 'squeeze' });
  expect(at(image, 40, 20, 4)).toBe(0);
  expect(at(image, 40, 20, 35)).toBe(255);
  expect(at(image, 40, 1, 20)).toBeCloseTo(128, -1);
});

it('the centre square cuts off what is above and below it', async () => {
  const film = tallFilm();
  film.pixels.fill(255, 0, 40 * film.columns); // the top 40 rows are not in the middle 100
  const image = await toTrainingImage(film, { size: 50, fit: 'centre-square' });
  expect(at(image, 50, 25, 2)).toBe(0);
  expect(at(image, 50, 25, 47)).toBe(255);
});

it('letterboxing adds black bars', async () => {
  const film = tallFilm();
  film.pixels.fill(255);
  const image = await toTrainingImage(film, { size: 40, fit: 'letterbox' });
  expect(at(image, 40, 3, 20)).toBe(0);
  expect(at(image, 40, 20, 20)).toBe(255);
  expect(at(image, 40, 36, 20)).toBe(0);
});

it('shrinking averages: fine stripes become even gray', async () => {
  const film = {
    rows: 320,
    columns: 320,
    pixels: Uint8Array.from({ length: 320 * 320 }, (_, i) => 255 * (i % 2)),
  };
  const image = await toTrainingImage(film, { size: 32, fit: 'squeeze' });
  expect(Math.max(...image) - Math.min(...image)).toBeLessThan(12);
  expect(image[500]).toBeCloseTo(128, -1);
});

it('a size that is no positive integer is a fault of the caller', async () => {
  for (const size of [0, 1.5, Number.NaN]) {
    await expect(toTrainingImage(tallFilm(), { size, fit: 'squeeze' })).rejects.toThrow(RangeError);
  }
});
