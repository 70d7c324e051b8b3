import { findStrokes } from './find-strokes.ts';
import type { TextModels } from './models.ts';
import { type Box, crop, halve, type Picture } from './picture.ts';
import { findBoxes, type TextBox } from './text-boxes.ts';

/** A picture up to this size is looked at whole: about 0.4 s. */
const WHOLE_PX_MAX = 1_200_000;

/** Sides of the network's input are multiples of this. */
const STRIDE = 32;

const SCORE_MIN = 0.6; // as PP-OCR has it
const SAME = 0.5; // of the area that two boxes cover together

/**
 * Every place where the network sees text, in pixels of the film. The film is halved until it may be looked at whole;
 * at each finer step only what has thin strokes is, since letters too small for the coarse step have those.
 */
export async function detectText(models: TextModels, film: Picture): Promise<TextBox[]> {
  const boxes: TextBox[] = [];
  let level = film;
  for (let scale = 1; ; scale *= 2) {
    const isLast = level.rows * level.columns <= WHOLE_PX_MAX;
    const whole = { left: 0, top: 0, right: level.columns, bottom: level.rows };
    for (const region of isLast ? [whole] : findStrokes(level)) {
      const found = await detectIn(models, level, region);
      boxes.push(...found.map((box) => place(box, region, scale)));
    }
    if (isLast) return dropRepeats(boxes);
    level = halve(level);
  }
}

async function detectIn(models: TextModels, picture: Picture, region: Box): Promise<TextBox[]> {
  const part = crop(picture, region);
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
  for (const box of boxes) if (!kept.some((other) => share(box, other) > SAME)) kept.push(box);
  return kept;
}

function share(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const common = Math.max(0, width) * Math.max(0, height);
  return common / (area(a) + area(b) - common);
}

function area({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}
