import { describe, expect, it } from 'vitest';
import { isWorthReading, judgeBox } from './judge-box.ts';
import { area, type Picture, shareWithin } from './picture.ts';

const SIDE = 400;
const blank: Picture = { rows: SIDE, columns: SIDE, gray: new Uint8Array(SIDE * SIDE) };
/** Upright bars, two pixels wide, as letters have. */
const barred: Picture = { ...blank, gray: blank.gray.map((_, at) => ((at % SIDE) % 8 < 2 ? 200 : 0)) };

const box = (left: number, top: number, width: number, height: number) => ({
  ...{ left, top, right: left + width, bottom: top + height },
  score: 0.95,
});

describe('a box', () => {
  it('that is long is worth reading where it has strokes, and in any case where the film says that it holds text', () => {
    expect(isWorthReading(barred, box(40, 40, 120, 16), false)).toBe(true);
    expect(isWorthReading(blank, box(40, 40, 120, 16), false)).toBe(false);
    expect(isWorthReading(blank, box(40, 40, 120, 16), true)).toBe(true);
  });

  it('that is short is worth reading, and one higher than a tenth of the film never is', () => {
    expect(isWorthReading(blank, box(40, 40, 30, 20), false)).toBe(true);
    expect(isWorthReading(barred, box(40, 40, 120, 40), true)).toBe(true);
    expect(isWorthReading(barred, box(40, 40, 120, 41), true)).toBe(false);
  });

  it('that is not worth reading is no text, however sure a reading is', () => {
    const sure = [{ text: 'DOE JANE', confidence: 0.99 }];
    for (const [film, at] of [
      [blank, box(40, 40, 120, 16)],
      [barred, box(40, 40, 120, 41)],
    ] as const)
      expect(judgeBox(film, at, sure, false)).not.toBe('text');
    expect(judgeBox(barred, box(40, 40, 120, 16), sure, false)).toBe('text');
  });
});

describe('shareWithin', () => {
  it('is of the first box, and 0 for boxes apart', () => {
    const [outer, inner] = [box(10, 10, 20, 10), box(20, 10, 40, 5)];
    expect(shareWithin(inner, outer)).toBeCloseTo(0.25);
    expect(shareWithin(outer, inner)).toBeCloseTo(0.25);
    expect(shareWithin(outer, box(30, 10, 5, 5))).toBe(0);
    expect(shareWithin(box(12, 12, 4, 4), outer)).toBe(1);
    expect(area(outer)).toBe(200);
  });
});
