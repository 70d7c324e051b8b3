import { join } from 'node:path';
import {
  type MetricInterval,
  type SeededScores,
  seededAuc,
  seededAucDifference,
  type TestFilms,
} from '@synspine/metrics';
import type { QualityScore } from '@synspine/protocol';
import { readJson } from '../../durable-file.ts';
import type { FilmSet } from '../../films/film-set.ts';
import { toBinaryLabels } from '../../films/label-schemes.ts';
import { SiteError } from '../../site-error.ts';
import { type DatasetFilms, openDataset } from './films.ts';
import type { ExperimentFolder } from './folder.ts';
import {
  type Dataset,
  METHODS,
  type Method,
  methodsOf,
  POOLED,
  planUnits,
  seedsOf,
  type Unit,
} from './plan.ts';
import { FACTS_FILE, type GeneratorFacts } from './run-unit.ts';
import type { ClassifierScores } from './score-classifier.ts';

type Counts = { train: number; validation: number; heldOut: number };

/** AUC of abnormal against normal, one row of Table 1. `test`: which hold-out. */
export type AucRow = {
  trainedOn: string;
  method: Method;
  test: string;
  films: number;
  auc: Interval;
  /** Less the AUC of the classifiers on the same data set's real films, on the same films. */
  lessReal: Interval;
};
export type Interval = Pick<MetricInterval, 'value' | 'ciLow' | 'ciHigh'>;

/** One score of Table 2, of every training of a generator. */
export type QualityRow = {
  dataset: string;
  method: 'gan' | 'spinegan';
  metric: QualityScore['metric'];
  /** Without its n, which is beside it. */
  protocol: string;
  stratum: string;
  /** Images on each side. */
  n: number;
  /** One a seed. */
  values: Interval[];
  /** Real training films in place of synthetic ones. */
  floor: Interval | null;
};

export type PaperResults = {
  schema: 'synspine.paper/1';
  options: ExperimentFolder['options'];
  datasets: { name: string; films: Counts; patients: Counts }[];
  auc: AucRow[];
  quality: QualityRow[];
  generators: (GeneratorFacts & { dataset: string; loss: string; seed: number })[];
};

/** Everything that the units left, as intervals. Throws EXPERIMENT_UNFINISHED. */
export async function readResults(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
): Promise<PaperResults> {
  const films = new Map<string, DatasetFilms>();
  for (const dataset of datasets) films.set(dataset.name, await openDataset(folder, dataset));
  const units = planUnits(datasets, folder.options);
  return {
    schema: 'synspine.paper/1',
    options: folder.options,
    datasets: [...films].map(([name, set]) => ({
      name,
      films: countParts(set, ({ count }) => count),
      patients: countParts(set, ({ patients }) => new Set(patients).size),
    })),
    auc: await readAuc(folder, datasets, films),
    quality: await readQuality(folder, units),
    generators: await readGenerators(folder, units),
  };
}

function countParts(set: DatasetFilms, count: (films: FilmSet) => number): Counts {
  return { train: count(set.train), validation: count(set.validation), heldOut: count(set.holdOut) };
}

async function readAuc(
  folder: ExperimentFolder,
  datasets: readonly Dataset[],
  films: Map<string, DatasetFilms>,
): Promise<AucRow[]> {
  const everyone = films.get(POOLED) ?? films.get(datasets[0]!.name)!;
  const rows: AucRow[] = [];
  for (const { name } of datasets) {
    const scores = new Map<Method, SeededScores>();
    for (const method of METHODS)
      scores.set(method, await readScores(folder, name, method, everyone.holdOut));
    for (const test of name === POOLED || films.size === 1 ? [name] : [name, POOLED]) {
      const shown = rowsOf(everyone.holdOut, films.get(test)!.holdOut);
      const on = testFilms(everyone.holdOut, shown);
      const pick = (method: Method) =>
        scores.get(method)!.map((ofOne) => ofOne.map((all) => shown.map((row) => all[row]!)));
      for (const method of METHODS) {
        rows.push({
          trainedOn: name,
          method,
          test,
          films: shown.length,
          auc: toInterval(seededAuc(pick(method), on)),
          lessReal: toInterval(seededAucDifference(pick(method), pick('real'), on)),
        });
      }
    }
  }
  return rows;
}

/** Probability of abnormal of each film of the whole hold-out: [generators][classifiers][films]. */
async function readScores(
  folder: ExperimentFolder,
  dataset: string,
  method: Method,
  holdOut: FilmSet,
): Promise<number[][][]> {
  const { generatorSeeds, classifierSeeds } = folder.options;
  const loss = method === 'gan' ? 'gan' : 'spinegan';
  const units: Unit[] =
    method === 'real'
      ? [{ dataset, generator: null }]
      : seedsOf(generatorSeeds).map((seed) => ({ dataset, generator: { loss, seed } }));
  const classes = holdOut.classNames.length;
  return Promise.all(
    units.map((unit) =>
      Promise.all(
        seedsOf(classifierSeeds).map(async (seed) => {
          const { probabilities } = await read<ClassifierScores>(folder.unit(unit).scores(method, seed));
          return Array.from({ length: holdOut.count }, (_, film) => 1 - probabilities[film * classes]!); // class 0: nothing found
        }),
      ),
    ),
  );
}

/** Where the films of a part lie in the whole hold-out. */
function rowsOf(whole: FilmSet, part: FilmSet): number[] {
  const row = new Map(whole.pixelSha256.map((hash, i) => [hash, i]));
  return part.pixelSha256.map((hash) => row.get(hash)!);
}

function testFilms(whole: FilmSet, rows: readonly number[]): TestFilms {
  const labels = toBinaryLabels(whole.labels, whole.classNames);
  return { labels: rows.map((row) => labels[row]!), patients: rows.map((row) => whole.patients[row]!) };
}

async function readQuality(folder: ExperimentFolder, units: readonly Unit[]): Promise<QualityRow[]> {
  const rows = new Map<string, QualityRow>();
  for (const unit of units.filter(({ generator }) => generator)) {
    const [method] = methodsOf(unit) as ['gan' | 'spinegan'];
    for (const score of await read<QualityScore[]>(folder.unit(unit).quality)) {
      const { metric, stratum, floor, n } = score;
      const protocol = score.protocol.replace(/_n\d+$/, '');
      const key = [unit.dataset, method, metric, stratum].join();
      const row = rows.get(key) ?? {
        dataset: unit.dataset,
        method,
        metric,
        protocol,
        stratum,
        n,
        values: [],
        floor: floor && toInterval(floor),
      };
      rows.set(key, { ...row, values: [...row.values, toInterval(score)] });
    }
  }
  return [...rows.values()];
}

async function readGenerators(
  folder: ExperimentFolder,
  units: readonly Unit[],
): Promise<PaperResults['generators']> {
  const generators = units.flatMap((unit) => (unit.generator ? [{ unit, ...unit.generator }] : []));
  return Promise.all(
    generators.map(async ({ unit, loss, seed }) => {
      const facts = await read<GeneratorFacts>(join(folder.unit(unit).generator, FACTS_FILE));
      return { dataset: unit.dataset, loss, seed, ...facts };
    }),
  );
}

async function read<T>(path: string): Promise<T> {
  const value = await readJson<T>(path);
  if (value === undefined) throw new SiteError('EXPERIMENT_UNFINISHED');
  return value;
}

function toInterval({ value, ciLow, ciHigh }: Interval): Interval {
  return { value, ciLow, ciHigh };
}
