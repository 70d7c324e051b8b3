import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { initCompute } from '@synspine/compute';
import type { Fit } from '@synspine/dicom';
import { readJson, writeJson } from '../../durable-file.ts';
import {
  classifyFilms,
  countClasses,
  countPatients,
  divideFilms,
  heldOutTwice,
  isEnough,
  type Parts,
  splitFilms,
} from '../../films/divide-films.ts';
import { type ClassedFilm, writeFilmSet } from '../../films/film-set.ts';
import { findSamePatient } from '../../films/find-same-patient.ts';
import { commitTo, HOLD_OUT_FOLDER } from '../../films/hold-out.ts';
import { LABEL_SCHEMES, type LabelScheme } from '../../films/label-schemes.ts';
import { groupPatients, type PersonOf } from '../../films/same-patient.ts';
import type { Split } from '../../films/split.ts';
import { TRAINING_FOLDER } from '../../films/training-films.ts';
import { findPreset } from '../../presets.ts';
import { readShares } from '../../training/settings.ts';
import { readRunFilms } from '../ingest/run.ts';
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
  /** Pairs of patient numbers taken for one person, and held-out patients who are in no figure as they were also trained on. */
  samePatient: { pairs: number; leftOut: number };
};

/**
 * Looks for patients with two numbers, splits the films by patient, seals the hold-out and commits to it, and writes each part at the preset's size. The
 * run's classes are those of its label scheme that have enough patients; films of the others take no part.
 */
export async function runPreprocess(context: StageContext): Promise<StageOutcome> {
  const { home, run, draft } = context;
  const size = findPreset(run.options.preset).resolution;
  const scheme = LABEL_SCHEMES[run.options.labels];
  const classed = classifyFilms(scheme, await readRunFilms(run));
  initCompute({ threads: context.threads });
  const { pairs } = await findSamePatient(home, classed, { guard: context.guard, at: new Date() });
  const personOf = groupPatients(pairs);
  const split = await updateSplit(context, scheme, classed, personOf);
  const leftOut = heldOutTwice(split, personOf);
  const divided = divideFilms(classed, split, leftOut);
  const classes = countClasses(scheme, divided);
  const classNames = classes.filter(({ isTrained }) => isTrained).map(({ name }) => name);
  const left = classes.filter(({ isTrained }) => !isTrained);
  const parts = divideFilms(
    classed.filter(({ className }) => classNames.includes(className)),
    split,
    leftOut,
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
    classesLeftOut: left.map(({ name, trainingPatients }) => ({ name, trainingPatients })),
    films: countParts(parts, (set) => set.length),
    patients: countParts(parts, countPatients),
    holdOutCommitment: commitTo(parts.heldOut.map(({ pixelSha256 }) => pixelSha256)),
    samePatient: { pairs: pairs.filter(({ state }) => state !== 'different').length, leftOut: leftOut.size },
  };
  return isEnough(classes, divided)
    ? { kind: 'done', output }
    : { kind: 'stopped', code: 'TOO_FEW_PATIENTS', output };
}

/** The home remembers who was put where, so that no patient ever moves between training and hold-out. */
async function updateSplit(
  { home, guard }: StageContext,
  scheme: LabelScheme,
  films: readonly ClassedFilm[],
  personOf: PersonOf,
): Promise<Split> {
  const earlier = (await readJson<Split>(home.files.split)) ?? {};
  const split = splitFilms(scheme, films, earlier, await readShares(home), personOf);
  await writeJson(home.files.split, split, { guard });
  return split;
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
