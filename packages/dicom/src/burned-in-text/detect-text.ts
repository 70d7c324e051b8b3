import { findRegions, findStrokes, isColumn } from './find-strokes.ts';
import type { TextModels } from './models.ts';
import { area, type Box, crop, halve, type Picture, shareWithin, turnLeft } from './picture.ts';
import { findBoxes, type TextBox } from './text-boxes.ts';

/** The film is halved while its longer side is at least this long: letters as high as a tenth of it are then 10 to 20 pixels high. */
const LONGER_SIDE_MIN = 200;

/** Sides of the network's input are multiples of this. */
const STRIDE = 32;

const SCORE_MIN = 0.6; // as PP-OCR has it
const SAME = 0.5; // of the area that two boxes cover together

/**
 * Every place where the network sees text, in pixels of the film. The network looks only at what has thin strokes, as
 * letters have. Letters of any size have them at one step of halving the film; they are looked at there and at the next
 * finer step, where the network sees large letters better.
 */
export async function detectText(models: TextModels, film: Picture): Promise<TextBox[]> {
  const boxes: TextBox[] = [];
  for (const { level, scale, regions } of listSteps(film)) {
    for (const region of regions) {
      const found = await detectIn(models, crop(level, region));
      if (isColumn(region)) found.push(...(await detectTurned(models, crop(level, region))));
      boxes.push(...found.map((box) => place(box, region, scale)));
    }
  }
  return dropRepeats(boxes);
}

type Step = { level: Picture; scale: number; regions: Box[] };

/** The film, halved, halved again, and where to look at each step. */
function listSteps(film: Picture): Step[] {
  const levels = [film];
  while (Math.max(levels.at(-1)!.rows, levels.at(-1)!.columns) >= 2 * LONGER_SIDE_MIN)
    levels.push(halve(levels.at(-1)!));
  const strokes = levels.map((level, i) => findStrokes(level, i === 0 ? 'film' : 'halved'));
  return levels.map((level, i) => {
    const wider = (strokes[i + 1] ?? []).map(double);
    return { level, scale: 2 ** i, regions: findRegions(level, [...strokes[i]!, ...wider]) };
  });
}

function double({ left, top, right, bottom }: Box): Box {
  return { left: 2 * left, top: 2 * top, right: 2 * right, bottom: 2 * bottom };
}

async function detectIn(models: TextModels, part: Picture): Promise<TextBox[]> {
  const [rows, columns] = [part.rows, part.columns].map((side) => Math.ceil(side / STRIDE) * STRIDE);
  const chances = await models.detect(toInput(part, rows!, columns!), rows!, columns!);
  return findBoxes(chances, rows!, columns!)
    .filter(({ score }) => score >= SCORE_MIN)
    .map((box) => ({
      ...box,
      right: Math.min(box.right, part.columns),
      bottom: Math.min(box.bottom, part.rows),
    }))
    .filter(({ left, top, right, bottom }) => left < right && top < bottom);
}

/** The network sees small letters that lie on their side only half of the time; here they stand. */
async function detectTurned(models: TextModels, part: Picture): Promise<TextBox[]> {
  const boxes = await detectIn(models, turnLeft(part));
  return boxes.map(({ left, top, right, bottom, score }) => ({
    ...{ left: part.columns - bottom, right: part.columns - top },
    ...{ top: left, bottom: right, score },
  }));
}

/** Means and spreads of ImageNet's colours, by which the network was trained. */
const MEAN = [0.485, 0.456, 0.406];
const SPREAD = [0.229, 0.224, 0.225];

/** [3, rows, columns]; the last row and column are repeated beyond the picture, since a new edge there could look like text. */
function toInput({ gray, ...size }: Picture, rows: number, columns: number): Float32Array {
  const plane = rows * columns;
  const input = new Float32Array(3 * plane);
  const shades = MEAN.map((mean, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / SPREAD[channel]!),
  );
  for (let row = 0; row < rows; row++) {
    const from = Math.min(row, size.rows - 1) * size.columns;
    for (let column = 0; column < columns; column++) {
      const value = gray[from + Math.min(column, size.columns - 1)]!;
      const at = row * columns + column;
      input[at] = shades[0]![value]!;
      input[plane + at] = shades[1]![value]!;
      input[2 * plane + at] = shades[2]![value]!;
    }
  }
  return input;
}

function place({ left, top, right, bottom, score }: TextBox, region: Box, scale: number): TextBox {
  return {
    left: (region.left + left) * scale,
    top: (region.top + top) * scale,
    right: (region.left + right) * scale,
    bottom: (region.top + bottom) * scale,
    score,
  };
}

/** Of boxes that mean the same, the first: the one from the finer step. */
function dropRepeats(boxes: readonly TextBox[]): TextBox[] {
  const kept: TextBox[] = [];
  for (const box of boxes) if (!kept.some((other) => isRepeat(box, other))) kept.push(box);
  return kept;
}

function isRepeat(box: Box, other: Box): boolean {
  const common = shareWithin(box, other) * area(box);
  return common > SAME * (area(box) + area(other) - common);
}
