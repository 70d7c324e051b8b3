import { readJson } from '../durable-file.ts';
import { type CatalogueFilm, openCatalogue } from '../films/catalogue.ts';
import {
  classOfFilm,
  LABEL_SCHEMES,
  type LabelSchemeName,
  TRAINING_PATIENTS_PER_CLASS_MIN,
} from '../films/label-schemes.ts';
import { SHARES_BESIDE_HOLD_OUT, type Split, splitPatients } from '../films/split.ts';
import type { Home } from '../home.ts';

type ClassedFilm = CatalogueFilm & { className: string };

type ClassPlan = {
  name: string;
  films: number;
  patients: number;
  trainingFilms: number;
  trainingPatients: number;
  /** Whether enough patients share it; the others take no part. */
  isTrained: boolean;
};

export type FilmPlan = {
  classes: ClassPlan[];
  trainingFilms: number;
  code: 'NO_FILMS' | 'TOO_FEW_PATIENTS' | null;
};

const FILMS_PER_PART_MIN = 2;

/** What `ingest` and `preprocess` would make of the home's films now; reads only. Its test holds it against those stages. */
export async function planFilms(home: Home, labels: LabelSchemeName): Promise<FilmPlan> {
  const scheme = LABEL_SCHEMES[labels];
  const all = (await openCatalogue(home)).films();
  const films = all.flatMap((film): ClassedFilm[] => {
    const className = classOfFilm(scheme, film.findings);
    return className === undefined ? [] : [{ ...film, className }];
  });
  const split = await planSplit(home, labels, films);
  const classes = scheme.classNames.map((name) =>
    planClass(
      name,
      films.filter(({ className }) => className === name),
      split,
    ),
  );
  const trained = classes.filter(({ isTrained }) => isTrained);
  const code = all.length === 0 ? 'NO_FILMS' : trained.length < 2 ? 'TOO_FEW_PATIENTS' : null;
  return { classes, code, trainingFilms: trained.reduce((n, { trainingFilms }) => n + trainingFilms, 0) };
}

async function planSplit(home: Home, labels: LabelSchemeName, films: readonly ClassedFilm[]): Promise<Split> {
  const earlier = (await readJson<Split>(home.files.split)) ?? {};
  const given = new Set(films.filter(({ part }) => part === 'hold-out').map(({ patientKey }) => patientKey));
  const patients = [...new Set(films.map(({ patientKey }) => patientKey))].map((key) => {
    const findings = films.filter(({ patientKey }) => patientKey === key).flatMap((film) => film.findings);
    return { key, stratum: classOfFilm(LABEL_SCHEMES[labels], findings)! };
  });
  const others = patients.filter(({ key }) => !given.has(key));
  const shares = given.size > 0 ? SHARES_BESIDE_HOLD_OUT : undefined;
  const held = Object.fromEntries([...given].map((key) => [key, 'hold-out'] as const));
  return { ...earlier, ...splitPatients(others, earlier, shares), ...held };
}

function planClass(name: string, films: readonly ClassedFilm[], split: Split): ClassPlan {
  const parts = (['train', 'validation', 'hold-out'] as const).map((part) =>
    films.filter(({ patientKey }) => split[patientKey] === part),
  );
  const [trainingFilms, trainingPatients] = [parts[0]!.length, countPatients(parts[0]!)];
  const isTrained =
    trainingPatients >= TRAINING_PATIENTS_PER_CLASS_MIN &&
    parts.every((part) => part.length >= FILMS_PER_PART_MIN);
  return {
    name,
    films: films.length,
    patients: countPatients(films),
    trainingFilms,
    trainingPatients,
    isTrained,
  };
}

function countPatients(films: readonly ClassedFilm[]): number {
  return new Set(films.map(({ patientKey }) => patientKey)).size;
}
