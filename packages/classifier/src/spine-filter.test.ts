import { readFileSync } from 'node:fs';
import { seededNormal, seededRandom } from '@synspine/compute';
import { describe, expect, it } from 'vitest';
import { drawCurves } from './curves.fixture.ts';
import { createSpineFilter } from './spine-filter.ts';

// 200 phantoms of patients of their own at 16 px, frontal and lateral, with every finding.
const phantoms = new Uint8Array(readFileSync(new URL('../reference/phantoms-16px.u8', import.meta.url)));
const part = (from: number, to: number) => phantoms.subarray(from * 256, to * 256);
const test = part(140, 200);
const films = { training: part(0, 100), validation: part(100, 140), size: 16 };
const kept = (images: Uint8Array) => createSpineFilter(films)(images).reduce((sum, keep) => sum + keep, 0);
const alter = (change: (at: (x: number, y: number) => number, x: number, y: number) => number) =>
  test.map((_, i) => {
    const at = (x: number, y: number) => test[i - (i % 256) + y * 16 + x]!;
    return Math.min(255, Math.max(0, change(at, i % 16, (i % 256) >> 4)));
  });
const random = seededRandom(1);

describe('the spine filter', () => {
  it('keeps films of other patients, and as many as the quantile says', () => {
    expect(kept(test)).toBeGreaterThanOrEqual(57); // of 60
    const strict = createSpineFilter({ ...films, quantile: 0.5 })(test).reduce((sum, keep) => sum + keep, 0);
    expect(strict).toBeGreaterThan(15);
    expect(strict).toBeLessThan(45);
  });

  it.each([
    ['noise', () => 255 * random()],
    ['gray', () => 128],
    ['a ramp', (_: unknown, x: number) => 16 * x],
    ['a disc', (_: unknown, x: number, y: number) => ((x - 8) ** 2 + (y - 8) ** 2 < 25 ? 200 : 30)],
    ['an inverted film', (at: (x: number, y: number) => number, x: number, y: number) => 255 - at(x, y)],
    ['a film on its side', (at: (x: number, y: number) => number, x: number, y: number) => at(y, x)],
    [
      'a film moved by a quarter',
      (at: (x: number, y: number) => number, x: number, y: number) => at((x + 4) % 16, y),
    ],
    [
      'half of a film',
      (at: (x: number, y: number) => number, x: number, y: number) => (y < 8 ? at(x, y) : 0),
    ],
    [
      'a film under noise',
      (at: (x: number, y: number) => number, x: number, y: number) => at(x, y) + 60 * seededNormal(random),
    ],
  ])('rejects %s', (_, change) => {
    expect(kept(alter(change))).toBeLessThanOrEqual(3); // of 60
  });

  it('sees a film’s layout, not its detail: a blend of two films passes', () => {
    const blend = test.map((v, i) => (v + test[(i + 256) % test.length]!) / 2);
    expect(kept(blend)).toBeGreaterThan(30);
  });

  it('does not depend on exposure', () => {
    expect(kept(alter((at, x, y) => 30 + at(x, y) * 0.75))).toBeGreaterThanOrEqual(57);
  });

  it('looks at larger images as at small ones', () => {
    const { images } = drawCurves(140, 64, 1);
    const cut = 100 * 64 ** 2;
    const filter = createSpineFilter({
      training: images.subarray(0, cut),
      validation: images.subarray(cut),
      size: 64,
    });
    const noise = new Uint8Array(10 * 64 ** 2).map(() => 255 * random());
    expect(Array.from(filter(noise))).toEqual(new Array(10).fill(0));
    expect(filter(drawCurves(40, 64, 2).images).reduce((sum, keep) => sum + keep, 0)).toBeGreaterThan(36);
  });

  it('refuses what is no image, a side that is no multiple of 16, and no films', () => {
    expect(() => createSpineFilter(films)(new Uint8Array(255))).toThrow(/SHAPE_MISMATCH/);
    expect(() => createSpineFilter({ ...films, size: 20 })).toThrow(/SIZE_UNSUPPORTED/);
    expect(() => createSpineFilter({ ...films, validation: new Uint8Array() })).toThrow(/TOO_FEW_IMAGES/);
  });
});
