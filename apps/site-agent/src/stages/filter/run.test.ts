import { describe, expect, it } from 'vitest';
import { keptCandidates } from '../release-plan.ts';
import type { ImageFilter } from './image-filters.ts';
import { filterClass } from './run.ts';

/** A block of 64 one-pixel images that say their number. */
const draw = (first: number) => Uint8Array.from({ length: 64 }, (_, i) => first + i);
const unless = (name: ImageFilter['name'], rejects: (number: number) => boolean): ImageFilter => ({
  name,
  keep: (images) => Uint8Array.from(images, (number) => Number(!rejects(number))),
});

describe('filterClass', () => {
  it('keeps the first candidates that pass every filter, and ends with the last one wanted', () => {
    const filters = [unless('spine', (n) => n % 4 === 0), unless('label', (n) => n % 2 === 0)];
    const result = filterClass(draw, filters, { label: 0, wanted: 40, max: 128 });
    expect(keptCandidates(result)).toEqual(Array.from({ length: 40 }, (_, i) => 2 * i + 1));
    expect(result).toMatchObject({ drawn: 80, keptCount: 40 });
  });

  it('counts a candidate for the first filter that rejects it', () => {
    const filters = [unless('spine', (n) => n % 4 === 0), unless('label', (n) => n % 2 === 0)];
    expect(filterClass(draw, filters, { label: 0, wanted: 40, max: 128 }).rejections).toEqual([
      { filter: 'spine', count: 20 },
      { filter: 'label', count: 20 },
    ]);
  });

  it('gives up where more than half is rejected', () => {
    const mostly = [unless('label', (n) => n % 3 !== 0)];
    expect(filterClass(draw, mostly, { label: 0, wanted: 64, max: 128 })).toMatchObject({
      drawn: 128,
      keptCount: 43,
    });
  });

  it('keeps everything where there is no filter', () => {
    expect(filterClass(draw, [], { label: 0, wanted: 70, max: 128 })).toMatchObject({
      drawn: 70,
      keptCount: 70,
    });
  });
});
