import type { Box, Picture } from './picture.ts';

/** A stroke is about an eighth as wide as its letter is high, and differs this far from both its sides, gray levels. */
const WIDTH_TO_HEIGHT = 1 / 8;
const CONTRAST = 25;

/** Share of a box's pixels that are thinner, and lighter or darker, than what is beside them: 0.08 and more in text. */
export function shareOfStrokes(
  { rows, columns, gray }: Picture,
  { left, top, right, bottom }: Box,
  contrast = CONTRAST,
): number {
  const away = Math.max(2, Math.round(Math.min(right - left, bottom - top) * WIDTH_TO_HEIGHT));
  const isRidge = (at: number, step: number): boolean => {
    const [one, other] = [gray[at]! - gray[at - step]!, gray[at]! - gray[at + step]!];
    return Math.min(one, other) >= contrast || Math.max(one, other) <= -contrast;
  };
  let strokes = 0;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const at = row * columns + column;
      const isUpright = column >= away && column + away < columns && isRidge(at, away);
      const isLevel = row >= away && row + away < rows && isRidge(at, away * columns);
      if (isUpright || isLevel) strokes += 1;
    }
  }
  return strokes / ((right - left) * (bottom - top));
}
