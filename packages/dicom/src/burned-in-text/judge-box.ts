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
const SHORT_TEXT = { confidence: 0.8, characters: 2 };
const UNREADABLE_TEXT = { score: 0.9, strokes: 0.12, heightShare: 0.05 };
const SUSPECTED_TEXT = { confidence: 0.3 };

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
  const confidence = readings[0]?.confidence ?? 0;
  if (isSuspected && confidence >= SUSPECTED_TEXT.confidence) return 'text';
  const sure = readings.filter((reading) => reading.confidence >= LONG_TEXT.confidence);
  if (!isSuspected && sure.some(({ text }) => isMarker(text, touchesEdge(film, box)))) return 'marker';
  const isText = isLong(box) ? isLongText(film, box, confidence) : isShortText(readings[0]);
  return isText ? 'text' : 'nothing';
}

function isLong({ left, top, right, bottom }: Box): boolean {
  const [width, height] = [right - left, bottom - top];
  return Math.max(width, height) >= LONG * Math.min(width, height);
}

function isLongText(film: Picture, box: TextBox, confidence: number): boolean {
  const strokes = shareOfStrokes(film, box);
  if (confidence >= LONG_TEXT.confidence && strokes >= LONG_TEXT.strokes) return true;
  const height = Math.min(box.right - box.left, box.bottom - box.top);
  const isLine = height <= UNREADABLE_TEXT.heightShare * Math.max(film.rows, film.columns);
  return isLine && box.score >= UNREADABLE_TEXT.score && strokes >= UNREADABLE_TEXT.strokes;
}

function isShortText(reading: Reading | undefined): boolean {
  if (!reading || reading.confidence < SHORT_TEXT.confidence) return false;
  return reading.text.replace(/[^\p{L}\p{N}]/gu, '').length >= SHORT_TEXT.characters;
}

const EDGE_PX = 4;

function touchesEdge({ rows, columns }: Picture, { left, top, right, bottom }: Box): boolean {
  return Math.min(left, top, columns - right, rows - bottom) <= EDGE_PX;
}
