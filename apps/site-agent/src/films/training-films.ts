import { join } from 'node:path';
import type { RunFolder } from '../runs/run-folder.ts';
import { stageFolder } from '../stages/stage-result.ts';
import { type FilmSet, readFilmSet } from './film-set.ts';

/** What may be trained on and selected with. The sealed hold-out is not part of it, and opens with another function. */
export type TrainingFilms = { train: FilmSet; validation: FilmSet };

/** Where `preprocess` puts the films that training may see. */
export const TRAINING_FOLDER = 'training';

export async function openTrainingFilms(run: RunFolder): Promise<TrainingFilms> {
  const folder = join(stageFolder(run, 'preprocess'), TRAINING_FOLDER);
  return { train: await readFilmSet(folder, 'train'), validation: await readFilmSet(folder, 'validation') };
}
