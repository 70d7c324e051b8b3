import type { Box, Picture } from './picture.ts';

/** Shares of a box's short side by which its mask reaches further: the network cuts first and last letters, and thin tails. */
const ALONG = 0.6;
const ACROSS = 0.2;

/** The rectangle that a mask on a text covers. */
export function growMask({ left, top, right, bottom }: Box, { rows, columns }: Picture): Box {
  const [width, height] = [right - left, bottom - top];
  const short = Math.min(width, height);
  const [x, y] = width >= height ? [ALONG, ACROSS] : [ACROSS, ALONG];
  return {
    left: Math.max(0, Math.floor(left - x * short)),
    top: Math.max(0, Math.floor(top - y * short)),
    right: Math.min(columns, Math.ceil(right + x * short)),
    bottom: Math.min(rows, Math.ceil(bottom + y * short)),
  };
}

/** A copy with each box filled by one gray, the median of the pixels around it: nothing of what stood there is left. */
export function maskBoxes({ rows, columns, gray }: Picture, boxes: readonly Box[]): Picture {
  const masked = gray.slice();
  for (const box of boxes) {
    const shade = medianAround({ rows, columns, gray: masked }, box);
    for (let row = box.top; row < box.bottom; row++)
      masked.fill(shade, row * columns + box.left, row * columns + box.right);
  }
  return { rows, columns, gray: masked };
}

function medianAround({ rows, columns, gray }: Picture, { left, top, right, bottom }: Box): number {
  const around: number[] = [];
  for (let column = left; column < right; column++) {
    if (top > 0) around.push(gray[(top - 1) * columns + column]!);
    if (bottom < rows) around.push(gray[bottom * columns + column]!);
  }
  for (let row = top; row < bottom; row++) {
    if (left > 0) around.push(gray[row * columns + left - 1]!);
    if (right < columns) around.push(gray[row * columns + right]!);
  }
  return around.sort((a, b) => a - b)[around.length >> 1] ?? 0; // nothing is around a box that is the whole film
}
