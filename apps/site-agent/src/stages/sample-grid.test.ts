import sharp from 'sharp';
import { expect, it } from 'vitest';
import { encodeGrid } from './sample-grid.ts';

it('a grid of synthetic images says in XMP that they are synthetic, and shows them row by row', async () => {
  const images = Uint8Array.from({ length: 4 * 4 }, (_, i) => 10 * Math.floor(i / 4)); // four of 2 × 2
  const grid = await encodeGrid(images, 2, 2);
  const { data, info } = await sharp(grid).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, [...data]]).toEqual([
    ...[4, 4],
    [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 30, 30, 20, 20, 30, 30],
  ]);
  const { xmpAsString } = await sharp(grid).metadata();
  expect(xmpAsString).toContain('digitalsourcetype/trainedAlgorithmicMedia"');
});
