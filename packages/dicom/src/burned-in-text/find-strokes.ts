import type { Box, Picture } from './picture.ts';

const CELL_PX = 16;

/** How far a region reaches beyond its strokes: a letter whose neighbours show none, and what the network wants around it. */
const MARGIN_PX = 32;

/** A stroke differs this far from both its sides, gray levels. */
const CONTRAST_MIN = 25;
/** And by this many times the film's own noise. */
const CONTRAST_TO_NOISE = 5;

/** Strokes are up to three pixels wide: letters up to some 20 pixels high. Wider ones are found where the film is halved. */
const STROKE_PX = 2;

/** One pixel in this many is enough to guess the noise from. */
const NOISE_STEP = 97;

/**
 * Upright and level stroke pixels, each, in 32 · 32 pixels that make them worth a look. Halved films show fewer grains and
 * more bones: letters of 12 pixels and more have 30 at one of the steps, those of 8 may have 13.
 */
const STROKE_PIXELS_MIN = { film: 10, halved: 20 };

/** A column of strokes is this many times as high as wide. */
const COLUMN = 1.5;

/** What a look costs beside its pixels, in pixels. */
const LOOK_PX = 4_000;

/** No region is larger, whatever a film shows: the network takes half a kilobyte a pixel. */
const REGION_PX_MAX = 200_000;

/** Cells of a picture that lie side by side and hold thin strokes in both directions, as letters do, in pixels. */
export function findStrokes(picture: Picture, step: 'film' | 'halved'): Box[] {
  const contrast = beyondNoise(picture, CONTRAST_MIN);
  return findRuns(markCells(countStrokes(picture, contrast), STROKE_PIXELS_MIN[step]));
}

/** A contrast of `least` gray levels, or a higher one where the picture's noise would reach that. */
export function beyondNoise(picture: Picture, least: number): number {
  return Math.max(least, CONTRAST_TO_NOISE * guessNoise(picture));
}

/** Parts of a picture that are worth a look: strokes with what is around them, together where that costs less. */
export function findRegions(picture: Picture, strokes: readonly Box[]): Box[] {
  return join(strokes.map((stroke) => toRegion(picture, stroke))).flatMap(split);
}

/** Stroke pixels by cells, down·across. The last row and column lie beyond the picture, so that each cell has neighbours. */
type Cells = { upright: Uint16Array; level: Uint16Array; down: number; across: number };

function countStrokes({ rows, columns, gray }: Picture, contrast: number): Cells {
  const [down, across] = [Math.ceil(rows / CELL_PX) + 1, Math.ceil(columns / CELL_PX) + 1];
  const [upright, level] = [new Uint16Array(down * across), new Uint16Array(down * across)];
  for (let row = STROKE_PX; row < rows - STROKE_PX; row++) {
    const cells = Math.floor(row / CELL_PX) * across;
    const end = (row + 1) * columns - STROKE_PX;
    for (let at = row * columns + STROKE_PX, column = STROKE_PX; at < end; at++, column++) {
      if (isRidge(gray, at, STROKE_PX, contrast)) upright[cells + Math.floor(column / CELL_PX)]!++;
      if (isRidge(gray, at, STROKE_PX * columns, contrast)) level[cells + Math.floor(column / CELL_PX)]!++;
    }
  }
  return { upright, level, down, across };
}

/** Both pixels `away` lie on one side of the one at `at`, and far from it. */
function isRidge(gray: Uint8Array, at: number, away: number, contrast: number): boolean {
  const difference = gray[at]! - gray[at - away]!;
  if (difference < contrast && difference > -contrast) return false; // most pixels end here
  const other = gray[at]! - gray[at + away]!;
  return difference > 0 ? other >= contrast : other <= -contrast;
}

type Marks = { isMarked: Uint8Array; down: number; across: number };

/** Marks each two by two cells that hold strokes of both directions. */
function markCells({ upright, level, down, across }: Cells, least: number): Marks {
  const isMarked = new Uint8Array(down * across);
  const four = (counts: Uint16Array, at: number) =>
    counts[at]! + counts[at + 1]! + counts[at + across]! + counts[at + across + 1]!;
  for (let row = 0; row < down - 1; row++) {
    for (let at = row * across; at < (row + 1) * across - 1; at++) {
      if (Math.min(four(upright, at), four(level, at)) < least) continue;
      isMarked.fill(1, at, at + 2);
      isMarked.fill(1, at + across, at + across + 2);
    }
  }
  return { isMarked, down, across };
}

/** Marked cells that lie side by side in a row, in pixels. */
function findRuns({ isMarked, down, across }: Marks): Box[] {
  const runs: Box[] = [];
  for (let row = 0; row < down - 1; row++) {
    for (let column = 0; column < across - 1; column++) {
      if (!isMarked[row * across + column]) continue;
      const left = column;
      while (column < across - 1 && isMarked[row * across + column]) column++;
      const [top, bottom] = [row * CELL_PX, (row + 1) * CELL_PX];
      runs.push({ left: left * CELL_PX, top, right: column * CELL_PX, bottom });
    }
  }
  return runs;
}

function toRegion({ rows, columns }: Picture, { left, top, right, bottom }: Box): Box {
  return {
    left: Math.max(0, left - MARGIN_PX),
    top: Math.max(0, top - MARGIN_PX),
    right: Math.min(columns, right + MARGIN_PX),
    bottom: Math.min(rows, bottom + MARGIN_PX),
  };
}

/** Whether the strokes in a region stand in a column, as those of a line do that is turned by a quarter. */
export function isColumn({ left, top, right, bottom }: Box): boolean {
  const [width, height] = [right - left - 2 * MARGIN_PX, bottom - top - 2 * MARGIN_PX];
  return height >= COLUMN * width;
}

/** Joins regions as long as looking at two together costs less than looking at each. */
function join(regions: readonly Box[]): Box[] {
  const joined: Box[] = [];
  for (let region of regions) {
    for (let at = 0; at < joined.length; ) {
      const both = enclose(region, joined[at]!);
      if (cost(both) > cost(region) + cost(joined[at]!)) at++;
      else {
        region = both;
        joined.splice(at, 1);
        at = 0; // the larger one may reach those that were left
      }
    }
    joined.push(region);
  }
  return joined;
}

function enclose(a: Box, b: Box): Box {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function cost({ left, top, right, bottom }: Box): number {
  return LOOK_PX + (right - left) * (bottom - top);
}

/** Halves that overlap by a margin on both sides, until each is small enough. */
function split(region: Box): Box[] {
  const { left, top, right, bottom } = region;
  if (cost(region) <= REGION_PX_MAX) return [region];
  const [x, y] = [(left + right) >> 1, (top + bottom) >> 1];
  const halves =
    right - left > bottom - top
      ? [
          { ...region, right: x + MARGIN_PX },
          { ...region, left: x - MARGIN_PX },
        ]
      : [
          { ...region, bottom: y + MARGIN_PX },
          { ...region, top: y - MARGIN_PX },
        ];
  return halves.flatMap(split);
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
