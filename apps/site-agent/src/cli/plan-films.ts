import { readJson } from '../durable-file.ts';
import { openCatalogue } from '../films/catalogue.ts';
import {
  type ClassCounts,
  classifyFilms,
  countClasses,
  divideFilms,
  heldOutTwice,
  isEnough,
  splitFilms,
} from '../films/divide-films.ts';
import { LABEL_SCHEMES, type LabelSchemeName } from '../films/label-schemes.ts';
import { groupPatients, readSamePatient } from '../films/same-patient.ts';
import type { Split } from '../films/split.ts';
import type { Home } from '../home.ts';
import { readShares } from '../training/settings.ts';

export type FilmPlan = {
  classes: ClassCounts[];
  trainingFilms: number;
  code: 'NO_FILMS' | 'TOO_FEW_PATIENTS' | null;
};

/** What `ingest` and `preprocess` would make of the home's films now; reads only, so patients who
 * turn out to have two numbers are told apart until a run has looked. Its test holds it against those stages. */
export async function planFilms(home: Home, labels: LabelSchemeName): Promise<FilmPlan> {
  const scheme = LABEL_SCHEMES[labels];
  const all = (await openCatalogue(home)).films();
  const films = classifyFilms(scheme, all);
  const earlier = (await readJson<Split>(home.files.split)) ?? {};
  const personOf = groupPatients((await readSamePatient(home)).pairs);
  const split = splitFilms(scheme, films, earlier, await readShares(home), personOf);
  const parts = divideFilms(films, split, heldOutTwice(split, personOf));
  const classes = countClasses(scheme, parts);
  const trained = classes.filter(({ isTrained }) => isTrained);
  const code = all.length === 0 ? 'NO_FILMS' : isEnough(classes, parts) ? null : 'TOO_FEW_PATIENTS';
  return { classes, code, trainingFilms: trained.reduce((n, { trainingFilms }) => n + trainingFilms, 0) };
}
