import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { RunFolder } from '../runs/run-folder.ts';
import { SiteError } from '../site-error.ts';
import { outputOf, stageFolder } from '../stages/stage-result.ts';
import { type FilmSet, readFilmSet } from './film-set.ts';

/** Where `preprocess` seals the films that nothing is trained on, tuned on or selected with. */
export const HOLD_OUT_FOLDER = 'sealed';

/** SHA-256 over the sorted hashes of the hold-out's films, one a line: fixed before training, told to the registry. */
export function commitTo(pixelSha256: readonly string[]): string {
  const text = [...pixelSha256].sort().map((hash) => `${hash}\n`);
  return createHash('sha256').update(text.join('')).digest('hex');
}

/**
 * Opens the sealed hold-out: for evaluation, audit and scoring only. Throws RUN_FILE_DAMAGED when its films aren't the
 * ones committed to before training.
 */
export async function openHoldOut(run: RunFolder): Promise<{ films: FilmSet; commitment: string }> {
  const films = await readFilmSet(join(stageFolder(run, 'preprocess'), HOLD_OUT_FOLDER), 'hold-out');
  const { holdOutCommitment } = await outputOf<{ holdOutCommitment: string }>(run, 'preprocess');
  if (commitTo(films.pixelSha256) !== holdOutCommitment)
    throw new SiteError('RUN_FILE_DAMAGED', 'sealed hold-out');
  return { films, commitment: holdOutCommitment };
}
