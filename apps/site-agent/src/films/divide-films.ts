import { AUDITED_PATIENTS_MIN } from '@synspine/audit-rules';
import { SiteError } from '../site-error.ts';
import type { CatalogueFilm } from './catalogue.ts';
import type { ClassedFilm } from './film-set.ts';
import { classOfFilm, type LabelScheme, TRAINING_PATIENTS_PER_CLASS_MIN } from './label-schemes.ts';
import type { PersonOf } from './same-patient.ts';
import { type Part, SHARES_BESIDE_HOLD_OUT, type Shares, type Split, splitPatients } from './split.ts';

/** Films by the part that their patient is in. */
export type Parts = { train: ClassedFilm[]; validation: ClassedFilm[]; heldOut: ClassedFilm[] };

/** Films that have a class in this scheme. */
export function classifyFilms(scheme: LabelScheme, films: readonly CatalogueFilm[]): ClassedFilm[] {
  return films.flatMap((film) => {
    const className = classOfFilm(scheme, film.findings);
    return className === undefined ? [] : [{ ...film, className }];
  });
}

/**
 * Puts the patients of these films into parts; those of `earlier` stay where they were, so that none ever moves between
 * training and hold-out. Patient keys of one person go together: a new one to where an earlier one is. Throws HOLD_OUT_CONFLICT when a
 * published hold-out asks for what can't be.
 */
export function splitFilms(
  scheme: LabelScheme,
  films: readonly ClassedFilm[],
  earlier: Split,
  sharesOfSite?: Shares,
  personOf: PersonOf = (key) => key,
): Split {
  const keys = [...new Set(films.map(({ patientKey }) => patientKey))];
  const chosen = new Set(films.filter(({ part }) => part === 'hold-out').map(({ patientKey }) => patientKey));
  if ([...chosen].some((key) => earlier[key] && earlier[key] !== 'hold-out'))
    throw new SiteError('HOLD_OUT_CONFLICT');
  const given = Object.fromEntries([...chosen].map((key): [string, Part] => [key, 'hold-out']));
  const placed = partsOfPersons({ ...earlier, ...given }, personOf);
  const shares = chosen.size > 0 ? SHARES_BESIDE_HOLD_OUT : sharesOfSite;
  const givenPersons = new Set([...chosen].map(personOf));
  const persons = [...new Set(keys.map(personOf))].filter((person) => !givenPersons.has(person));
  const patients = persons.map((person) => {
    const findings = films
      .filter(({ patientKey }) => personOf(patientKey) === person)
      .flatMap((film) => film.findings);
    return { key: person, stratum: classOfFilm(scheme, findings)! };
  });
  const split = { ...placed, ...splitPatients(patients, placed, shares) };
  const fresh = Object.fromEntries(keys.map((key): [string, Part] => [key, split[personOf(key)]!]));
  return { ...fresh, ...earlier, ...given };
}

/** Where a person is, of whom some keys have a part: in training, if any key is. */
function partsOfPersons(split: Split, personOf: PersonOf): Split {
  const placed: Split = {};
  for (const [key, part] of Object.entries(split)) {
    const person = personOf(key);
    const isFirst =
      placed[person] === undefined || PRECEDENCE.indexOf(part) < PRECEDENCE.indexOf(placed[person]!);
    if (isFirst) placed[person] = part;
  }
  return placed;
}

const PRECEDENCE: readonly Part[] = ['train', 'validation', 'hold-out'];

/** Hold-out patients who are also in training or validation, under another number: they belong in no figure. */
export function heldOutTwice(split: Split, personOf: PersonOf): Set<string> {
  const seen = new Set(
    Object.keys(split)
      .filter((key) => split[key] !== 'hold-out')
      .map(personOf),
  );
  return new Set(Object.keys(split).filter((key) => split[key] === 'hold-out' && seen.has(personOf(key))));
}

/** Films by part, without those of patients `leftOut`. */
export function divideFilms(
  all: readonly ClassedFilm[],
  split: Split,
  leftOut: ReadonlySet<string> = new Set(),
): Parts {
  const films = all.filter(({ patientKey }) => !leftOut.has(patientKey));
  const part = (wanted: Part) => films.filter(({ patientKey }) => split[patientKey] === wanted);
  return { train: part('train'), validation: part('validation'), heldOut: part('hold-out') };
}

/** A class of the scheme as these parts have it. */
export type ClassCounts = {
  name: string;
  films: number;
  patients: number;
  trainingFilms: number;
  trainingPatients: number;
  /** Whether enough patients share it; films of the others take no part. */
  isTrained: boolean;
};

/** A condition is a choice between at least so many. `preprocess` says which of the scheme's classes a run has. */
export const CLASSES_MIN = 2;

/** Fewer have no error rate and no AUC. */
const FILMS_PER_CLASS_MIN = 2; // of each part

/** A label that few patients share says too much about each of them: such a class is not trained. */
export function countClasses(scheme: LabelScheme, parts: Parts): ClassCounts[] {
  const all = [...parts.train, ...parts.validation, ...parts.heldOut];
  return scheme.classNames.map((name) => {
    const of = (films: readonly ClassedFilm[]) => films.filter(({ className }) => className === name);
    const training = of(parts.train);
    const trainingPatients = countPatients(training);
    const isInEach = Object.values(parts).every((films) => of(films).length >= FILMS_PER_CLASS_MIN);
    return {
      name,
      films: of(all).length,
      patients: countPatients(of(all)),
      trainingFilms: training.length,
      trainingPatients,
      isTrained: isInEach && trainingPatients >= TRAINING_PATIENTS_PER_CLASS_MIN,
    };
  });
}

/** Whether a run can come to a decision: classes enough to train on, and patients enough for the audit to look at. */
export function isEnough(classes: readonly ClassCounts[], { heldOut }: Parts): boolean {
  const trained = new Set(classes.filter(({ isTrained }) => isTrained).map(({ name }) => name));
  const audited = countPatients(heldOut.filter(({ className }) => trained.has(className)));
  return trained.size >= CLASSES_MIN && audited >= AUDITED_PATIENTS_MIN;
}

export function countPatients(films: readonly CatalogueFilm[]): number {
  return new Set(films.map(({ patientKey }) => patientKey)).size;
}
