import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fit } from '@synspine/dicom';
import { readJson, writeJson } from '../../durable-file.ts';
import type { CatalogueFilm } from '../../films/catalogue.ts';
import { writeFilmSet } from '../../films/film-set.ts';
import { commitTo, HOLD_OUT_FOLDER } from '../../films/hold-out.ts';
import { CLASS_NAMES } from '../../films/labels.ts';
import { type Part, type Split, splitPatients } from '../../films/split.ts';
import { TRAINING_FOLDER } from '../../films/training-films.ts';
import type { Home } from '../../home.ts';
import { findPreset } from '../../presets.ts';
import { readRunFilms } from '../ingest/run.ts';
import type { StageContext, StageOutcome } from '../stage.ts';

export type PartCounts = { train: number; validation: number; heldOut: number };
export type PreprocessOutput = {
  imageSize: number;
  fit: Fit;
  films: PartCounts;
  patients: PartCounts;
  holdOutCommitment: string;
};

/** Splits the films by patient, seals the hold-out and commits to it, and writes each part at the preset's size. */
export async function runPreprocess(context: StageContext): Promise<StageOutcome> {
  const { home, run, draft, guard } = context;
  const size = findPreset(run.options.preset).resolution;
  const films = await readRunFilms(run);
  const split = await updateSplit(home, films, guard);
  const part = (wanted: Part) => films.filter(({ patientKey }) => split[patientKey] === wanted);
  const parts = { train: part('train'), validation: part('validation'), heldOut: part('hold-out') };
  const [training, sealed] = [join(draft, TRAINING_FOLDER), join(draft, HOLD_OUT_FOLDER)];
  for (const folder of [training, sealed]) await mkdir(folder, { mode: 0o700 });
  const onFilm = countFilms(context, films.length);
  await writeFilmSet(home, { folder: sealed, name: 'hold-out', size }, parts.heldOut, onFilm);
  await writeFilmSet(home, { folder: training, name: 'train', size }, parts.train, onFilm);
  await writeFilmSet(home, { folder: training, name: 'validation', size }, parts.validation, onFilm);
  const output: PreprocessOutput = {
    imageSize: size,
    fit: films[0]!.fit,
    films: countParts(parts, (set) => set.length),
    patients: countParts(parts, (set) => new Set(set.map(({ patientKey }) => patientKey)).size),
    holdOutCommitment: commitTo(parts.heldOut.map(({ pixelSha256 }) => pixelSha256)),
  };
  const isTrainable = Object.values(parts).every(holdsEveryClass);
  return isTrainable ? { kind: 'done', output } : { kind: 'stopped', code: 'TOO_FEW_PATIENTS', output };
}

const FILMS_PER_CLASS_MIN = 2; // of each part: fewer have no error rate and no AUC

function holdsEveryClass(films: readonly CatalogueFilm[]): boolean {
  return CLASS_NAMES.every(
    (name) => films.filter(({ label }) => label === name).length >= FILMS_PER_CLASS_MIN,
  );
}

/** The home remembers who was put where, so that no patient ever moves between training and hold-out. */
async function updateSplit(
  home: Home,
  films: readonly CatalogueFilm[],
  guard: StageContext['guard'],
): Promise<Split> {
  const keys = [...new Set(films.map(({ patientKey }) => patientKey))];
  const patients = keys.map((key) => ({
    key,
    labels: films.filter(({ patientKey }) => patientKey === key).map(({ label }) => label),
  }));
  const earlier = (await readJson<Split>(home.files.split)) ?? {};
  const split = { ...earlier, ...splitPatients(patients, earlier) };
  await writeJson(home.files.split, split, { guard });
  return split;
}

type Parts = Record<keyof PartCounts, CatalogueFilm[]>;

function countParts(parts: Parts, count: (films: CatalogueFilm[]) => number): PartCounts {
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
