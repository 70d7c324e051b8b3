import { beyondNoise } from './find-strokes.ts';
import type { Box, Picture } from './picture.ts';
import { shareOfStrokes } from './share-of-strokes.ts';

/** A piece as long as a line is high with this share of strokes goes on with the line: text has that and more. */
const STROKES_MIN = 0.08;

/** Gray levels: fainter than what makes a box text, since that there is a line is known. */
const CONTRAST_MIN = 12;

/** Share of a line's height that is taken beyond the last such piece: the next one may hold the edge of a letter. */
const END = 0.3;

type Side = keyof Box;

/**
 * A line of text as far as its strokes reach: the network leaves out the half of a line that lies on a bright or a busy
 * part of a film.
 *
 * @param box some of the line, as high as the line
 */
export function followLine(film: Picture, box: Box): Box {
  const isLevel = box.right - box.left >= box.bottom - box.top;
  const height = isLevel ? box.bottom - box.top : box.right - box.left;
  const contrast = beyondNoise(film, CONTRAST_MIN);
  const line = { ...box };
  for (const side of (isLevel ? ['left', 'right'] : ['top', 'bottom']) as Side[]) {
    let next = nextTo(film, line, side, height);
    while (next && shareOfStrokes(film, next, contrast) >= STROKES_MIN) {
      line[side] = next[side];
      next = nextTo(film, line, side, height);
    }
    if (line[side] !== box[side])
      line[side] = nextTo(film, line, side, Math.ceil(END * height))?.[side] ?? line[side];
  }
  return line;
}

/** The piece of a film beyond one side of a box, `length` long where the film is; null at its edge. */
function nextTo({ rows, columns }: Picture, box: Box, side: Side, length: number): Box | null {
  const piece = {
    left: { ...box, left: Math.max(0, box.left - length), right: box.left },
    right: { ...box, left: box.right, right: Math.min(columns, box.right + length) },
    top: { ...box, top: Math.max(0, box.top - length), bottom: box.top },
    bottom: { ...box, top: box.bottom, bottom: Math.min(rows, box.bottom + length) },
  }[side];
  return piece.left < piece.right && piece.top < piece.bottom ? piece : null;
}
