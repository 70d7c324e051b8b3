import { detectText } from './detect-text.ts';
import { followLine } from './follow-line.ts';
import { isWorthReading, judgeBox } from './judge-box.ts';
import { growMask, maskBoxes } from './mask-text.ts';
import type { TextModels } from './models.ts';
import { type Box, type Picture, shareWithin } from './picture.ts';
import { readText } from './read-text.ts';
import type { TextBox } from './text-boxes.ts';

/** What a site wants done with a film that shows text: paint over it, or not use the film. */
export type BurnedInTextPolicy = 'mask' | 'refuse';

export type CleanOptions = {
  policy: BurnedInTextPolicy;
  /** Burned In Annotation (0028,0301) is YES: everything that could be text is. */
  isSuspected: boolean;
};

/** A film without text, and how many boxes were painted over for it. */
export type CleanFilm = Picture & { maskedBoxes: number };

/** After this many rounds of masking a film that still shows text is refused. */
const ROUNDS_MAX = 2;

/** So much of a box lies in a marker's when it is a part of the marker, seen at another step. */
const PART = 0.8;

/**
 * Paints over text that could name somebody, and looks again. Sides, projections and postures stay.
 *
 * @returns null when the film is to be refused: the site refuses such films, or text is left after masking
 */
export async function cleanFilm(
  models: TextModels,
  film: Picture,
  { policy, isSuspected }: CleanOptions,
): Promise<CleanFilm | null> {
  let [cleaned, maskedBoxes] = [film, 0];
  for (let round = 0; ; round++) {
    const boxes = await inspectText(models, cleaned, isSuspected);
    if (boxes.length === 0) return { ...cleaned, maskedBoxes };
    if (policy === 'refuse' || round === ROUNDS_MAX) return null;
    cleaned = maskBoxes(cleaned, boxes);
    maskedBoxes += boxes.length;
  }
}

/** The boxes of a film, rows·columns gray bytes, that hold text which could name somebody; see {@link judgeBox}. */
export async function inspectText(models: TextModels, film: Picture, isSuspected = false): Promise<Box[]> {
  const [texts, markers]: [TextBox[], TextBox[]] = [[], []];
  for (const box of await detectText(models, film)) {
    if (!isWorthReading(film, box, isSuspected)) continue;
    const judgement = judgeBox(film, box, await readText(models, film, box), isSuspected);
    if (judgement === 'text') texts.push(box);
    if (judgement === 'marker') markers.push(box);
  }
  const isPart = (text: TextBox) => markers.some((marker) => shareWithin(text, marker) > PART);
  return texts.filter((text) => !isPart(text)).map((text) => followLine(film, growMask(text, film)));
}
