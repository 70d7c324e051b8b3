import type { Box, Picture } from './picture.ts';

const CELL_PX = 64;
const TILE_PX = 320;

/** How far a region reaches beyond its tiles, so that a text on a seam is whole in one of two. */
const MARGIN_PX = 32;

/** A stroke differs this far from both its sides, gray levels, and by this many times the film's own noise. */
const CONTRAST_MIN = 20;
const CONTRAST_TO_NOISE = 5;

/** Strokes are up to this wide: letters up to 30 pixels high. Wider ones are found where the film is halved. */
const STROKE_PX = 3;

/** One pixel in this many is enough to guess the noise from. */
const NOISE_STEP = 97;

/** Upright and level stroke pixels in a cell of 64 · 64 that make it worth a look: two small letters. */
const STROKE_PIXELS_MIN = 10;

/** Parts of a picture that hold thin strokes in both directions, as letters have. Finds far more than letters. */
export function findStrokes(picture: Picture): Box[] {
  const contrast = Math.max(CONTRAST_MIN, CONTRAST_TO_NOISE * guessNoise(picture));
  const cells = countStrokes(picture, contrast);
  const [down, across] = [Math.ceil(picture.rows / TILE_PX), Math.ceil(picture.columns / TILE_PX)];
  const regions: Box[] = [];
  for (let row = 0; row < down; row++) {
    let start = -1;
    for (let column = 0; column <= across; column++) {
      const isWritten = column < across && isTileWritten(cells, row, column);
      if (isWritten && start < 0) start = column;
      if (isWritten || start < 0) continue;
      regions.push(toRegion(picture, row, start, column));
      start = -1;
    }
  }
  return regions;
}

type Cells = { upright: Uint16Array; level: Uint16Array; down: number; across: number };

function countStrokes({ rows, columns, gray }: Picture, contrast: number): Cells {
  const [down, across] = [Math.ceil(rows / CELL_PX), Math.ceil(columns / CELL_PX)];
  const [upright, level] = [new Uint16Array(down * across), new Uint16Array(down * across)];
  const away = STROKE_PX * columns;
  for (let row = STROKE_PX; row < rows - STROKE_PX; row++) {
    const cellRow = Math.floor(row / CELL_PX) * across;
    for (let column = STROKE_PX; column < columns - STROKE_PX; column++) {
      const at = row * columns + column;
      const value = gray[at]!;
      const cell = cellRow + Math.floor(column / CELL_PX);
      if (isRidge(value - gray[at - STROKE_PX]!, value - gray[at + STROKE_PX]!, contrast)) upright[cell]!++;
      if (isRidge(value - gray[at - away]!, value - gray[at + away]!, contrast)) level[cell]!++;
    }
  }
  return { upright, level, down, across };
}

/** Both sides lie on one side of the value, and far from it. */
function isRidge(one: number, other: number, contrast: number): boolean {
  return (one >= contrast && other >= contrast) || (one <= -contrast && other <= -contrast);
}

function isTileWritten(
  { upright, level, down, across }: Cells,
  tileRow: number,
  tileColumn: number,
): boolean {
  const side = TILE_PX / CELL_PX;
  for (let row = tileRow * side; row < Math.min(down, (tileRow + 1) * side); row++) {
    for (let column = tileColumn * side; column < Math.min(across, (tileColumn + 1) * side); column++) {
      const cell = row * across + column;
      if (Math.min(upright[cell]!, level[cell]!) >= STROKE_PIXELS_MIN) return true;
    }
  }
  return false;
}

/** The median of what {@link isRidge} sees: mean distance of a pixel to its two sides. */
function guessNoise({ rows, columns, gray }: Picture): number {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let at = STROKE_PX; at < rows * columns - STROKE_PX; at += NOISE_STEP) {
    counts[Math.abs(2 * gray[at]! - gray[at - STROKE_PX]! - gray[at + STROKE_PX]!) >> 1]!++;
    total += 1;
  }
  let [below, level] = [0, 0];
  while (below + counts[level]! < total / 2) below += counts[level++]!;
  return level;
}

function toRegion({ rows, columns }: Picture, tileRow: number, from: number, to: number): Box {
  return {
    left: Math.max(0, from * TILE_PX - MARGIN_PX),
    top: Math.max(0, tileRow * TILE_PX - MARGIN_PX),
    right: Math.min(columns, to * TILE_PX + MARGIN_PX),
    bottom: Math.min(rows, (tileRow + 1) * TILE_PX + MARGIN_PX),
  };
}
