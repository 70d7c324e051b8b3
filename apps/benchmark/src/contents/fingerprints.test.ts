import { initCompute } from '@synspine/compute';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { drawFilm } from '../release.fixture.ts';
import { ALTERED_IMAGE, highestLikeness, takeFingerprint } from './fingerprints.ts';

beforeAll(() => void initCompute({ threads: 1 }));

const SIZE = 64;
async function film(index: number): Promise<Uint8Array> {
  return sharp(await drawFilm(index, SIZE, index % 2 === 1))
    .toColourspace('b-w')
    .raw()
    .toBuffer();
}
const image = (gray: Uint8Array) => sharp(gray, { raw: { width: SIZE, height: SIZE, channels: 1 } });
const raw = (changed: Sharp, size = SIZE) => changed.resize(size, size).toColourspace('b-w').raw().toBuffer();

it.each<[string, (gray: Uint8Array) => Promise<[Uint8Array, number]>]>([
  ['the same pixels', async (gray) => [gray, SIZE]],
  [
    'JPEG at quality 80',
    async (gray) => [await raw(sharp(await image(gray).jpeg({ quality: 80 }).toBuffer())), SIZE],
  ],
  ['brighter, with less contrast', async (gray) => [gray.map((value) => 40 + 0.7 * value), SIZE]],
  ['inverted', async (gray) => [gray.map((value) => 255 - value), SIZE]],
  ['mirrored', async (gray) => [await raw(image(gray).flop()), SIZE]],
  ['mirrored and inverted', async (gray) => [await raw(image(gray).flop().negate()), SIZE]],
  ['at twice the size', async (gray) => [await raw(image(gray), 2 * SIZE), 2 * SIZE]],
])('an image of another site is known again: %s', async (_, alter) => {
  const known = takeFingerprint(await film(1), SIZE);
  expect(highestLikeness(takeFingerprint(...(await alter(await film(1)))), known)).toBeGreaterThan(
    ALTERED_IMAGE,
  );
});

it('another image is none, and a blank one is like nothing', async () => {
  const known = takeFingerprint(await film(1), SIZE);
  expect(highestLikeness(takeFingerprint(await film(2), SIZE), known)).toBeLessThan(ALTERED_IMAGE);
  const blank = takeFingerprint(new Uint8Array(SIZE ** 2).fill(90), SIZE);
  expect(highestLikeness(blank, blank)).toBe(0);
});
