import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fit } from '@synspine/dicom';
import { readJson, writeJson } from '../../durable-file.ts';
import type { CatalogueFilm } from '../../films/catalogue.ts';
import { type ClassedFilm, writeFilmSet } from '../../films/film-set.ts';
import { commitTo, HOLD_OUT_FOLDER } from '../../films/hold-out.ts';
import {
  classOfFilm,
  LABEL_SCHEMES,
  type LabelScheme,
  TRAINING_PATIENTS_PER_CLASS_MIN,
} from '../../films/label-schemes.ts';
import { type Part, SHARES_BESIDE_HOLD_OUT, type Split, splitPatients } from '../../films/split.ts';
import { TRAINING_FOLDER } from '../../films/training-films.ts';
import { findPreset } from '../../presets.ts';
import { SiteError } from '../../site-error.ts';
import { CLASSES_MIN, readRunFilms } from '../ingest/run.ts';
import type { StageContext, StageOutcome } from '../stage.ts';

export type PartCounts = { train: number; validation: number; heldOut: number };
/** A class of the scheme that has too few patients here. */
export type LeftOut = { name: string; trainingPatients: number };

export type PreprocessOutput = {
  imageSize: number;
  fit: Fit;
  classNames: string[];
  classesLeftOut: LeftOut[];
  films: PartCounts;
  patients: PartCounts;
  holdOutCommitment: string;
};

/**
 * Splits the films by patient, seals the hold-out and commits to it, and writes each part at the preset's size. The
 * run's classes are those of its label scheme that have enough patients; films of the others take no part.
 */
export async function runPreprocess(context: StageContext): Promise<StageOutcome> {
  const { home, run, draft } = context;
  const size = findPreset(run.options.preset).resolution;
  const scheme = LABEL_SCHEMES[run.options.labels];
  const classed = classify(scheme, await readRunFilms(run));
  const split = await updateSplit(context, scheme, classed);
  const { classNames, left } = chooseClasses(scheme, divide(classed, split));
  const parts = divide(
    classed.filter(({ className }) => classNames.includes(className)),
    split,
  );
  const [training, sealed] = [join(draft, TRAINING_FOLDER), join(draft, HOLD_OUT_FOLDER)];
  for (const folder of [training, sealed]) await mkdir(folder, { mode: 0o700 });
  const onFilm = countFilms(context, classed.length);
  const at = { size, classNames };
  await writeFilmSet(home, { folder: sealed, name: 'hold-out', ...at }, parts.heldOut, onFilm);
  await writeFilmSet(home, { folder: training, name: 'train', ...at }, parts.train, onFilm);
  await writeFilmSet(home, { folder: training, name: 'validation', ...at }, parts.validation, onFilm);
  const output: PreprocessOutput = {
    imageSize: size,
    fit: classed[0]!.fit,
    classNames,
    classesLeftOut: left,
    films: countParts(parts, (set) => set.length),
    patients: countParts(parts, countPatients),
    holdOutCommitment: commitTo(parts.heldOut.map(({ pixelSha256 }) => pixelSha256)),
  };
  const isTrainable = classNames.length >= CLASSES_MIN;
  return isTrainable ? { kind: 'done', output } : { kind: 'stopped', code: 'TOO_FEW_PATIENTS', output };
}

function classify(scheme: LabelScheme, films: readonly CatalogueFilm[]): ClassedFilm[] {
  return films.flatMap((film) => {
    const className = classOfFilm(scheme, film.findings);
    return className === undefined ? [] : [{ ...film, className }];
  });
}

function divide(films: readonly ClassedFilm[], split: Split): Parts {
  const part = (wanted: Part) => films.filter(({ patientKey }) => split[patientKey] === wanted);
  return { train: part('train'), validation: part('validation'), heldOut: part('hold-out') };
}

/** Fewer have no error rate and no AUC. */
const FILMS_PER_CLASS_MIN = 2; // of each part

/** A label that few patients share says too much about each of them: such a class is not trained, and the run says so. */
function chooseClasses(scheme: LabelScheme, parts: Parts): { classNames: string[]; left: LeftOut[] } {
  const counts = scheme.classNames.map((name) => {
    const of = (films: ClassedFilm[]) => films.filter(({ className }) => className === name);
    const fewest = Math.min(...Object.values(parts).map((films) => of(films).length));
    return { name, trainingPatients: countPatients(of(parts.train)), fewest };
  });
  const isEnough = ({ trainingPatients, fewest }: (typeof counts)[number]) =>
    trainingPatients >= TRAINING_PATIENTS_PER_CLASS_MIN && fewest >= FILMS_PER_CLASS_MIN;
  const left = counts.filter((count) => !isEnough(count));
  return {
    classNames: counts.filter(isEnough).map(({ name }) => name),
    left: left.map(({ name, trainingPatients }) => ({ name, trainingPatients })),
  };
}

/** The home remembers who was put where, so that no patient ever moves between training and hold-out. */
async function updateSplit(
  { home, guard }: StageContext,
  scheme: LabelScheme,
  films: readonly ClassedFilm[],
): Promise<Split> {
  const earlier = (await readJson<Split>(home.files.split)) ?? {};
  const patients = [...new Set(films.map(({ patientKey }) => patientKey))].map((key) => {
    const findings = films.filter(({ patientKey }) => patientKey === key).flatMap((film) => film.findings);
    return { key, stratum: classOfFilm(scheme, findings)! };
  });
  const chosen = films.filter(({ part }) => part === 'hold-out');
  const given = Object.fromEntries(chosen.map(({ patientKey }): [string, Part] => [patientKey, 'hold-out']));
  if (Object.keys(given).some((key) => earlier[key] && earlier[key] !== 'hold-out'))
    throw new SiteError('HOLD_OUT_CONFLICT');
  const shares = chosen.length > 0 ? SHARES_BESIDE_HOLD_OUT : undefined;
  const others = patients.filter(({ key }) => !given[key]);
  const split = { ...earlier, ...splitPatients(others, earlier, shares), ...given };
  await writeJson(home.files.split, split, { guard });
  return split;
}

type Parts = Record<keyof PartCounts, ClassedFilm[]>;

function countPatients(films: readonly ClassedFilm[]): number {
  return new Set(films.map(({ patientKey }) => patientKey)).size;
}

function countParts(parts: Parts, count: (films: ClassedFilm[]) => number): PartCounts {
  return { train: count(parts.train), validation: count(parts.validation), heldOut: count(parts.heldOut) };
}

function countFilms(context: StageContext, total: number): () => Promise<void> {
  let done = 0;
  return async () => {
    context.signal.throwIfAborted();
    done++;
    if (done % 64 === 0 || done === total) await context.report({ share: done / total });
  };
}
