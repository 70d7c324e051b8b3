import sharp from 'sharp';
import { READ_ROWS, type TextModels } from './models.ts';
import { type Box, crop, mirror, type Picture, turnLeft, turnOver } from './picture.ts';

/** What the reader makes of a box, and the mean chance of its characters: 0 when it reads none. */
export type Reading = { text: string; confidence: number };

const TALL = 1.5;
const COLUMNS_MIN = 160;
const COLUMNS_MAX = 1600; // 33 times as wide as high: about 60 characters

/** Reads a box as it stands, or, where it is tall, turned either way: the surest reading comes first. */
export async function readText(models: TextModels, picture: Picture, box: Box): Promise<Reading[]> {
  const part = crop(picture, box);
  const left = part.rows > TALL * part.columns ? turnLeft(part) : null;
  const views = left ? [left, turnOver(left)] : [part, mirror(part)];
  const readings: Reading[] = [];
  for (const view of views) readings.push(await readLine(models, view));
  return readings.sort((a, b) => b.confidence - a.confidence);
}

async function readLine(models: TextModels, part: Picture): Promise<Reading> {
  const columns = Math.min(COLUMNS_MAX, Math.max(8, Math.round((part.columns * READ_ROWS) / part.rows)));
  const line = await sharp(part.gray, { raw: { width: part.columns, height: part.rows, channels: 1 } })
    .resize(columns, READ_ROWS, { fit: 'fill' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  const padded = Math.max(COLUMNS_MIN, columns);
  const plane = READ_ROWS * padded;
  const input = new Float32Array(3 * plane); // mid gray beside the line
  for (let row = 0; row < READ_ROWS; row++) {
    for (let column = 0; column < columns; column++) {
      const value = line[row * columns + column]! / 127.5 - 1;
      for (let channel = 0; channel < 3; channel++) input[channel * plane + row * padded + column] = value;
    }
  }
  const { chances, steps } = await models.read(input, padded);
  return spell(chances, steps, models.characters);
}

/** The likeliest class of each step; repeats are one character and class 0 is none (Graves et al. 2006). */
function spell(chances: Float32Array, steps: number, characters: readonly string[]): Reading {
  const classes = chances.length / steps;
  let [text, sum, count, previous] = ['', 0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const row = chances.subarray(step * classes, (step + 1) * classes);
    const best = row.reduce((top, chance, at) => (chance > row[top]! ? at : top), 0);
    if (best !== 0 && best !== previous) {
      text += characters[best - 1];
      sum += row[best]!;
      count += 1;
    }
    previous = best;
  }
  return { text, confidence: count > 0 ? sum / count : 0 };
}
