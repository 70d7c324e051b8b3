import { describe, expect, it } from 'vitest';
import { growMask, maskBoxes } from './mask-text.ts';

describe('a mask', () => {
  it('leaves nothing of what it covers: two films that differ only there become equal', () => {
    const gray = Uint8Array.from({ length: 30 * 50 }, (_, at) => (at * 7) % 251);
    const other = gray.slice();
    const box = { left: 10, top: 5, right: 30, bottom: 15 };
    for (let row = box.top; row < box.bottom; row++) other.fill(255, row * 50 + 10, row * 50 + 30);
    const [a, b] = [gray, other].map((pixels) => maskBoxes({ rows: 30, columns: 50, gray: pixels }, [box]));
    expect(a).toEqual(b);
    expect(new Set(a!.gray.subarray(5 * 50 + 10, 5 * 50 + 30)).size).toBe(1);
    expect(a!.gray.subarray(15 * 50)).toEqual(gray.subarray(15 * 50));
  });

  it('takes the gray around it', () => {
    const gray = new Uint8Array(20 * 20).fill(90);
    for (let row = 5; row < 10; row++) gray.fill(250, row * 20 + 5, row * 20 + 12);
    const masked = maskBoxes({ rows: 20, columns: 20, gray }, [{ left: 5, top: 5, right: 12, bottom: 10 }]);
    expect(new Set(masked.gray)).toEqual(new Set([90]));
    expect(gray[5 * 20 + 5]).toBe(250); // the film itself is not changed
  });

  it('reaches beyond the ends of a line, and no further than the film', () => {
    const film = { rows: 100, columns: 200, gray: new Uint8Array(0) };
    expect(growMask({ left: 50, top: 40, right: 90, bottom: 50 }, film)).toEqual({
      ...{ left: 44, top: 38, right: 96, bottom: 52 },
    });
    expect(growMask({ left: 1, top: 0, right: 11, bottom: 99 }, film)).toEqual({
      ...{ left: 0, top: 0, right: 13, bottom: 100 },
    });
  });
});
