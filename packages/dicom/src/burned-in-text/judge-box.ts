import { isMarker } from './markers.ts';
import type { Box, Picture } from './picture.ts';
import type { Reading } from './read-text.ts';
import { shareOfStrokes } from './share-of-strokes.ts';
import type { TextBox } from './text-boxes.ts';

export type Judgement = 'nothing' | 'marker' | 'text';

/** A box this many times as long as wide holds several characters, whatever the reader makes of them. */
const LONG = 2;

/**
 * Limits chosen on half of the films of docs/decisions/burned-in-text.md. The network sees text in ribs and bowel gas as
 * well. The reader is unsure of those and sure of letters, mostly of scripts that it doesn't know, too; letters are made
 * of strokes.
 */
const LONG_TEXT = { confidence: 0.5, strokes: 0.04 };
/** Rows of vertebrae and ribs are read, too, but never surely. */
const LARGE_TEXT = { heightShare: 0.07, confidence: 0.8 };
const SHORT_TEXT = { confidence: 0.8 };
const UNREADABLE_TEXT = { score: 0.9, strokes: 0.12, long: 2.5 };
const SUSPECTED_TEXT = { confidence: 0.3 };

/** Lines are no higher than this share of a film's longer side. A spine is: its vertebrae are read as a sure 888888. */
const HEIGHT_SHARE_MAX = 0.1;

/**
 * Whether a box holds text that could name somebody. One character names nobody.
 *
 * @param isSuspected the film's own tags say that it holds text: then markers, single characters and unsure readings
 * count as text, too
 */
export function judgeBox(
  film: Picture,
  box: TextBox,
  readings: readonly Reading[],
  isSuspected: boolean,
): Judgement {
  if (shortSide(box) > HEIGHT_SHARE_MAX * Math.max(film.rows, film.columns)) return 'nothing';
  const [best] = readings;
  const confidence = best?.confidence ?? 0;
  if (isSuspected && confidence >= SUSPECTED_TEXT.confidence) return 'text';
  const sure = readings.filter((reading) => reading.confidence >= LONG_TEXT.confidence);
  if (!isSuspected && sure.some(({ text }) => isMarker(text, touchesEdge(film, box)))) return 'marker';
  const legible = best && hasCharacters(best) ? confidence : 0;
  const isText = isLong(box, LONG) ? isLongText(film, box, legible) : legible >= SHORT_TEXT.confidence;
  return isText ? 'text' : 'nothing';
}

/** Whether any reading could make a box text: reading it takes a tenth of the time of a film. */
export function isWorthReading(film: Picture, box: TextBox, isSuspected: boolean): boolean {
  if (shortSide(box) > HEIGHT_SHARE_MAX * Math.max(film.rows, film.columns)) return false;
  return isSuspected || !isLong(box, LONG) || shareOfStrokes(film, box) >= LONG_TEXT.strokes;
}

/** A buckle is read as a sure D. */
function hasCharacters({ text }: Reading): boolean {
  return text.replace(/[^\p{L}\p{N}]/gu, '').length >= 2;
}

function isLong({ left, top, right, bottom }: Box, times: number): boolean {
  const [width, height] = [right - left, bottom - top];
  return Math.max(width, height) >= times * Math.min(width, height);
}

function isLongText(film: Picture, box: TextBox, legible: number): boolean {
  const strokes = shareOfStrokes(film, box);
  const isLarge = shortSide(box) > LARGE_TEXT.heightShare * Math.max(film.rows, film.columns);
  const { confidence } = isLarge ? LARGE_TEXT : LONG_TEXT;
  if (legible >= confidence && strokes >= LONG_TEXT.strokes) return true;
  if (isLarge || !isLong(box, UNREADABLE_TEXT.long)) return false;
  return box.score >= UNREADABLE_TEXT.score && strokes >= UNREADABLE_TEXT.strokes;
}

function shortSide({ left, top, right, bottom }: Box): number {
  return Math.min(right - left, bottom - top);
}

const EDGE_PX = 4;

function touchesEdge({ rows, columns }: Picture, { left, top, right, bottom }: Box): boolean {
  return Math.min(left, top, columns - right, rows - bottom) <= EDGE_PX;
}
