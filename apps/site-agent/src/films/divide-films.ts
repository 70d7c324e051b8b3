import { SiteError } from '../site-error.ts';
import type { CatalogueFilm } from './catalogue.ts';
import type { ClassedFilm } from './film-set.ts';
import { classOfFilm, type LabelScheme, TRAINING_PATIENTS_PER_CLASS_MIN } from './label-schemes.ts';
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
 * training and hold-out. Throws HOLD_OUT_CONFLICT when a published hold-out asks for that.
 */
export function splitFilms(
  scheme: LabelScheme,
  films: readonly ClassedFilm[],
  earlier: Split,
  sharesOfSite?: Shares,
): Split {
  const patients = [...new Set(films.map(({ patientKey }) => patientKey))].map((key) => {
    const findings = films.filter(({ patientKey }) => patientKey === key).flatMap((film) => film.findings);
    return { key, stratum: classOfFilm(scheme, findings)! };
  });
  const chosen = films.filter(({ part }) => part === 'hold-out');
  const given = Object.fromEntries(chosen.map(({ patientKey }): [string, Part] => [patientKey, 'hold-out']));
  if (Object.keys(given).some((key) => earlier[key] && earlier[key] !== 'hold-out'))
    throw new SiteError('HOLD_OUT_CONFLICT');
  const shares = chosen.length > 0 ? SHARES_BESIDE_HOLD_OUT : sharesOfSite;
  const others = patients.filter(({ key }) => !given[key]);
  return { ...earlier, ...splitPatients(others, earlier, shares), ...given };
}

export function divideFilms(films: readonly ClassedFilm[], split: Split): Parts {
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

export function countPatients(films: readonly CatalogueFilm[]): number {
  return new Set(films.map(({ patientKey }) => patientKey)).size;
}
