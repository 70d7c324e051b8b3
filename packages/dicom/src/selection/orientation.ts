import type { Dataset } from '../dataset/dataset.ts';
import { readShortText, SELECTION_TAGS } from './selection-tags.ts';

/** Quarter turns clockwise that bring a film's head to the top. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/**
 * How a film has to be turned, by Patient Orientation (PS3.3 C.7.6.1.1.1): where its rows run to the feet or the head, it lies on
 * its side; where its columns run to the head, it stands on it. 0 where the film doesn't say.
 */
export function readTurns(dataset: Dataset): QuarterTurns {
  const [rows, columns] = readDirections(dataset);
  if (columns === 'H' && !isLengthwise(rows)) return 2;
  if (!isLengthwise(rows) || isLengthwise(columns)) return 0;
  return rows === 'F' ? 1 : 3;
}

/** The main direction of the rows and of the columns: A, P, L, R, H or F, or '' where the film doesn't say. */
export function readDirections(dataset: Dataset): [string, string] {
  const [rows, columns] = readShortText(dataset, SELECTION_TAGS.patientOrientation).split('\\');
  const main = (direction = '') => /^[APLRHF]/.exec(direction.trim())?.[0] ?? '';
  return [main(rows), main(columns)];
}

export function isLengthwise(direction: string): boolean {
  return direction === 'H' || direction === 'F';
}

type Picture = { rows: number; columns: number; pixels: Uint8Array };

/** Turns a picture clockwise. */
export function turnPicture({ rows, columns, pixels }: Picture, turns: QuarterTurns): Picture {
  if (turns === 0) return { rows, columns, pixels };
  const isUpright = turns === 2;
  const turned = new Uint8Array(pixels.length);
  const across = isUpright ? columns : rows;
  for (let i = 0, y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++, i++) {
      if (turns === 1) turned[x * across + (rows - 1 - y)] = pixels[i]!;
      else if (isUpright) turned[pixels.length - 1 - i] = pixels[i]!;
      else turned[(columns - 1 - x) * across + y] = pixels[i]!;
    }
  return isUpright ? { rows, columns, pixels: turned } : { rows: columns, columns: rows, pixels: turned };
}
