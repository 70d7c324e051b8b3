import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { predict } from '@synspine/classifier';
import { readJson, writeJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { commitTo } from '../../films/hold-out.ts';
import type { ExperimentFolder } from './folder.ts';
import type { ClassifierKey, Unit } from './plan.ts';
import { classifiersOf } from './run-unit.ts';
import { openClassifier } from './train-classifiers.ts';

/** The name of the hold-out of all sites together among the test sets. */
export const HOLD_OUT = 'hold-out';

/** Films that nothing was trained or tuned on, by the name that they have in the tables. */
export type TestSet = { name: string; films: FilmSet };

/** Probabilities of each film, row-major [films, classes]. They are of single films, so they stay in the private part. */
type FilmScores = { films: string; probabilities: number[] };

/** Lets every classifier judge every test set; what was judged before is left as it is. */
export async function scoreFilms(
  folder: ExperimentFolder,
  units: readonly Unit[],
  tests: readonly TestSet[],
  signal: AbortSignal,
): Promise<void> {
  for (const unit of units)
    for (const key of await classifiersOf(folder, unit)) {
      signal.throwIfAborted();
      await scoreOne(folder, unit, key, tests);
    }
}

async function scoreOne(
  folder: ExperimentFolder,
  unit: Unit,
  key: ClassifierKey,
  tests: readonly TestSet[],
): Promise<void> {
  const files = folder.unit(unit);
  const missing: { path: string; films: FilmSet }[] = [];
  for (const { name, films } of tests) {
    const path = files.scores(key, name);
    if (!(await readScoresOf(path, films))) missing.push({ path, films });
  }
  if (missing.length === 0) return;
  const parameters = await openClassifier(files.classifier(key));
  for (const { path, films } of missing) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const probabilities = Array.from(predict(parameters, films.pixels));
    await writeJson(path, { films: commitTo(films.pixelSha256), probabilities } satisfies FilmScores);
  }
}

/** A classifier's probabilities of a test set; undefined when it has not judged these very films. */
export async function readScoresOf(path: string, films: FilmSet): Promise<number[] | undefined> {
  if (!existsSync(path)) return undefined;
  const scores = await readJson<FilmScores>(path);
  return scores?.films === commitTo(films.pixelSha256) ? scores.probabilities : undefined;
}
