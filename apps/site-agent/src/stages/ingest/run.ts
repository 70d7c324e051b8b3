import { join } from 'node:path';
import { readJson, writeJson } from '../../durable-file.ts';
import { type CatalogueFilm, openCatalogue, readFilmLine } from '../../films/catalogue.ts';
import { CLASSES_MIN } from '../../films/divide-films.ts';
import { classOfFilm, LABEL_SCHEMES } from '../../films/label-schemes.ts';
import { countRefusals, readQuarantine } from '../../films/quarantine.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import { SiteError } from '../../site-error.ts';
import type { StageContext, StageOutcome } from '../stage.ts';
import { stageFolder } from '../stage-result.ts';

/** Fewest patients of a class that can be split into three parts and say anything. */
const PATIENTS_PER_CLASS_MIN = 5;

export type IngestOutput = { films: number; patients: number; refused: { code: string; count: number }[] };

const FILMS_FILE = 'films.json';

/** Fixes which films the run is made from: later ingests change the home, never a run. */
export async function runIngest({ home, draft, run }: StageContext): Promise<StageOutcome> {
  const catalogue = await openCatalogue(home);
  const films = catalogue.films();
  const hashes = new Set(films.map(({ fileSha256 }) => fileSha256));
  const refused = countRefusals(await readQuarantine(home, (hash) => hashes.has(hash)));
  const output: IngestOutput = { films: films.length, patients: countPatients(films), refused };
  await writeJson(join(draft, FILMS_FILE), films);
  if (films.length === 0) return { kind: 'stopped', code: 'NO_FILMS', output };
  const scheme = LABEL_SCHEMES[run.options.labels];
  const isLarge = (name: string) =>
    countPatients(films.filter(({ findings }) => classOfFilm(scheme, findings) === name)) >=
    PATIENTS_PER_CLASS_MIN;
  const enough = scheme.classNames.filter(isLarge).length >= CLASSES_MIN;
  return enough ? { kind: 'done', output } : { kind: 'stopped', code: 'TOO_FEW_PATIENTS', output };
}

function countPatients(films: readonly CatalogueFilm[]): number {
  return new Set(films.map(({ patientKey }) => patientKey)).size;
}

/** The films that the run is made from. */
export async function readRunFilms(run: RunFolder): Promise<CatalogueFilm[]> {
  const films = await readJson<CatalogueFilm[]>(join(stageFolder(run, 'ingest'), FILMS_FILE));
  if (!films) throw new SiteError('RUN_FILE_DAMAGED', 'films of the run');
  return films.map(readFilmLine);
}
