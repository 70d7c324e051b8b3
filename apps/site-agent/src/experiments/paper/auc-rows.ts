import { type SeededScores, seededAuc, seededAucDifference, type TestFilms } from '@synspine/metrics';
import type { FilmSet } from '../../films/film-set.ts';
import { toBinaryLabels } from '../../films/label-schemes.ts';
import { SiteError } from '../../site-error.ts';
import type { DatasetFilms } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import { type Interval, toInterval } from './interval.ts';
import { isScorable } from './outside.ts';
import {
  type ClassifierKey,
  type Dataset,
  everyoneOf,
  METHODS,
  type Method,
  methodsOf,
  planUnits,
  type Unit,
} from './plan.ts';
import { classifiersOf } from './run-unit.ts';
import { HOLD_OUT, readScoresOf, type TestSet } from './score-films.ts';

/** AUC of abnormal against normal, one row of Table 1. */
export type AucRow = {
  trainedOn: string;
  method: Method;
  /** Which hold-out, or `outside:NAME`. */
  test: string;
  /** `test` again, where `trainedOn` is all sites: so there is one such row for a method and a test. */
  testedOn?: string;
  films: number;
  patients: number;
  /** Over all seeds. `low` and `high` are `ciLow` and `ciHigh` by another name. */
  auc: Interval & { low: number; high: number };
  /** Less the AUC of the classifiers on the same data set's real films, on the same films; null for these. */
  lessReal: Interval | null;
  /** Less that of the classifiers on the plain GAN's images; null for these. */
  lessGan: Interval | null;
};

/** A point of the curve: classifiers on the images of a generator that was shown so many. */
export type CurveRow = {
  trainedOn: string;
  method: 'gan' | 'spinegan';
  imagesShown: number;
  test: string;
  films: number;
  auc: Interval;
  lessReal: Interval;
  /** Less the plain GAN's after as many images; null for that itself. */
  lessGan: Interval | null;
};

/** One finding against all others. */
export type FindingRow = Omit<AucRow, 'testedOn' | 'auc' | 'lessGan'> & {
  finding: string;
  /** Films with the finding. */
  positives: number;
  auc: Interval;
};

type AucRows = { auc: AucRow[]; curve: CurveRow[]; findings: FindingRow[] };

/** A test set as one data set's classifiers are scored on it; `rows` says which of the scored films belong to it. */
type Test = { name: string; scored: TestSet; rows: number[] };

/** Scores of all classifiers of a method at one length, [generators][classifiers] → probabilities of each scored film. */
type Scores = readonly (readonly (readonly number[])[])[];

/** All AUCs of an experiment whose classifiers have judged `outside` and the hold-out of all sites. Throws EXPERIMENT_UNFINISHED. */
export async function readAuc(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
  films: ReadonlyMap<string, DatasetFilms>,
  outside: readonly TestSet[],
): Promise<AucRows> {
  const everyone = everyoneOf(datasets).name;
  const holdOut: TestSet = { name: HOLD_OUT, films: films.get(everyone)!.holdOut };
  const rows: AucRows = { auc: [], curve: [], findings: [] };
  for (const { name } of datasets) {
    const own = [...new Set([name, everyone])].map((test): Test => {
      const shown = rowsOf(holdOut.films, films.get(test)!.holdOut);
      return { name: test, scored: holdOut, rows: shown };
    });
    const others = outside.map((scored): Test => {
      return { name: scored.name, scored, rows: [...scored.films.labels.keys()] };
    });
    for (const test of [...own, ...others]) {
      const scores = await readScores(folder, name, datasets, test.scored);
      const isMain = name === everyone;
      rows.auc.push(...aucRows(name, test, scores, isMain));
      rows.curve.push(...curveRows(name, test, scores));
      rows.findings.push(...findingRows(name, test, scores));
    }
  }
  return rows;
}

type ScoresByPoint = { ends: ReadonlyMap<Method, Scores>; points: readonly Point[] };
type Point = { method: 'gan' | 'spinegan'; imagesShown: number; scores: Scores };

/** What the classifiers of a data set said of a test set's films: of the whole trainings, and along the curve. */
async function readScores(
  folder: ExperimentFolder,
  dataset: string,
  datasets: readonly Dataset[],
  { name, films }: TestSet,
): Promise<ScoresByPoint> {
  const units = planUnits(datasets, folder.options).filter((unit) => unit.dataset === dataset);
  const byMethod = new Map<Method, Map<number | null, number[][][]>>(METHODS.map((m) => [m, new Map()]));
  for (const unit of units) {
    const keys = await classifiersOf(folder, unit);
    for (const method of methodsOf(unit)) {
      const lengths = byMethod.get(method)!;
      for (const [imagesShown, ofLength] of groupByLength(keys.filter((key) => key.method === method))) {
        const ofUnit = await Promise.all(ofLength.map((key) => readOne(folder, unit, key, name, films)));
        lengths.set(imagesShown, [...(lengths.get(imagesShown) ?? []), ofUnit]);
      }
    }
  }
  const endOf = (method: Method): [Method, Scores] => [method, [...byMethod.get(method)!.values()].at(-1)!];
  const points = (['gan', 'spinegan'] as const).flatMap((method) =>
    [...byMethod.get(method)!].map(([imagesShown, scores]) => ({
      method,
      imagesShown: imagesShown!,
      scores,
    })),
  );
  return { ends: new Map(METHODS.map(endOf)), points };
}

function groupByLength(keys: readonly ClassifierKey[]): Map<number | null, ClassifierKey[]> {
  const groups = new Map<number | null, ClassifierKey[]>();
  for (const key of keys) groups.set(key.imagesShown, [...(groups.get(key.imagesShown) ?? []), key]);
  return groups;
}

async function readOne(
  folder: ExperimentFolder,
  unit: Unit,
  key: ClassifierKey,
  test: string,
  films: FilmSet,
): Promise<number[]> {
  const probabilities = await readScoresOf(folder.unit(unit).scores(key, test), films);
  if (!probabilities) throw new SiteError('EXPERIMENT_UNFINISHED');
  return probabilities;
}

function aucRows(trainedOn: string, test: Test, { ends }: ScoresByPoint, isMain: boolean): AucRow[] {
  const on = binaryFilms(test);
  const of = (method: Method) => abnormalScores(ends.get(method)!, test);
  return METHODS.map((method) => {
    const auc = toInterval(seededAuc(of(method), on));
    return {
      ...{ trainedOn, method, test: test.name },
      ...(isMain && { testedOn: test.name }),
      ...countFilms(on),
      auc: { ...auc, low: auc.ciLow, high: auc.ciHigh },
      lessReal: method === 'real' ? null : toInterval(seededAucDifference(of(method), of('real'), on)),
      lessGan: method === 'gan' ? null : toInterval(seededAucDifference(of(method), of('gan'), on)),
    };
  });
}

function curveRows(trainedOn: string, test: Test, { ends, points }: ScoresByPoint): CurveRow[] {
  const on = binaryFilms(test);
  const real = abnormalScores(ends.get('real')!, test);
  return points.map(({ method, imagesShown, scores }) => {
    const here = abnormalScores(scores, test);
    const gan = points.find((point) => point.method === 'gan' && point.imagesShown === imagesShown);
    return {
      ...{ trainedOn, method, imagesShown, test: test.name, films: on.patients.length },
      auc: toInterval(seededAuc(here, on)),
      lessReal: toInterval(seededAucDifference(here, real, on)),
      lessGan:
        method === 'gan' || !gan
          ? null
          : toInterval(seededAucDifference(here, abnormalScores(gan.scores, test), on)),
    };
  });
}

/** Findings that two patients have, and two have not. */
function findingRows(trainedOn: string, test: Test, { ends }: ScoresByPoint): FindingRow[] {
  const { classNames } = test.scored.films;
  if (classNames.length < 3) return [];
  return classNames.flatMap((finding, label) => {
    const on = filmsOf(test, (films) => films.labels.map((other) => Number(other === label)));
    if (!isScorable(on)) return [];
    const of = (method: Method) => classScores(ends.get(method)!, test, (row) => row[label]!);
    const positives = on.labels.filter(Boolean).length;
    return METHODS.map((method) => ({
      ...{ trainedOn, method, test: test.name, finding, positives },
      ...countFilms(on),
      auc: toInterval(seededAuc(of(method), on)),
      lessReal: method === 'real' ? null : toInterval(seededAucDifference(of(method), of('real'), on)),
    }));
  });
}

/** Probability of any abnormality: class 0 is that nothing was found. */
function abnormalScores(scores: Scores, test: Test): SeededScores {
  return classScores(scores, test, (row) => 1 - row[0]!);
}

function classScores(scores: Scores, test: Test, score: (row: readonly number[]) => number): SeededScores {
  const classes = test.scored.films.classNames.length;
  return scores.map((ofOne) =>
    ofOne.map((probabilities) =>
      test.rows.map((film) => score(probabilities.slice(film * classes, (film + 1) * classes))),
    ),
  );
}

function binaryFilms(test: Test) {
  return filmsOf(test, ({ labels, classNames }) => toBinaryLabels(labels, classNames));
}

function filmsOf({ scored, rows }: Test, relabel: (films: FilmSet) => Uint8Array) {
  const labels = relabel(scored.films);
  return {
    labels: rows.map((row) => labels[row]!),
    patients: rows.map((row) => scored.films.patients[row]!),
  } satisfies TestFilms;
}

function countFilms({ patients }: TestFilms) {
  return { films: patients.length, patients: new Set(patients).size };
}

/** Where the films of a part lie in the whole. */
function rowsOf(whole: FilmSet, part: FilmSet): number[] {
  const row = new Map(whole.pixelSha256.map((hash, i) => [hash, i]));
  return part.pixelSha256.map((hash) => row.get(hash)!);
}
