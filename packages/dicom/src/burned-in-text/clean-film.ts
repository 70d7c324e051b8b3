import { detectText } from './detect-text.ts';
import { judgeBox } from './judge-box.ts';
import { growMask, maskBoxes } from './mask-text.ts';
import type { TextModels } from './models.ts';
import type { Box, Picture } from './picture.ts';
import { readText } from './read-text.ts';

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
  const found: Box[] = [];
  for (const box of await detectText(models, film)) {
    const readings = await readText(models, film, box);
    if (judgeBox(film, box, readings, isSuspected) === 'text') found.push(growMask(box, film));
  }
  return found;
}
